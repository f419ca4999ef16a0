import { getQueueToken } from '@nestjs/bullmq';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { mailboxOf, Sender, Templates } from '@coldroom/mail';
import { LifeSigns, queueModules, RedisConnection, SERVICE_NAME } from '@coldroom/pipeline';
import { migrate, Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { AgeingMails } from './ageing-mails';
import { Clock } from './clock';
import { Collector, TOPICS } from './collector';
import { DailyDigests } from './daily-digests';
import { Delivery, LEASE_MS } from './delivery';
import { MailQueue, mailQueue } from './mail-queue';
import { mailProcessor } from './mail.processor';
import { NotifierEnd, NotifierStart } from './notifier-life';
import { NOTIFIER_SITE, siteOf, type NotifierSettings } from './notifier-settings';
import { ImportFacts } from './import-facts';
import { Recipients } from './recipients';
import { ReportMails } from './report-mails';
import { RequestFacts } from './request-facts';
import { ROUND_MS, Rounds } from './rounds';
import { BadCopies } from './topics/bad-copies';
import { Decisions } from './topics/decisions';
import { Imports } from './topics/imports';
import { NewRequests } from './topics/new-requests';
import { Proposals } from './topics/proposals';
import { NotOrdered } from './topics/not-ordered';
import { Outcomes } from './topics/outcomes';
import { Retrievals } from './topics/retrievals';
import { StuckFiles } from './topics/stuck-files';
import { Switches } from './topics/switches';
import type { Topic } from './topics/topic';
import { TroubleReports } from './topics/troubles';

const topics = [
  Decisions,
  NewRequests,
  Proposals,
  Outcomes,
  Retrievals,
  StuckFiles,
  Switches,
  BadCopies,
  TroubleReports,
  Imports,
  NotOrdered,
];

@Module({})
class NotifierModule {}

export function notifierModule(settings: NotifierSettings): DynamicModule {
  const { redis, queues } = queueModules({ url: settings.REDIS_URL, prefix: settings.COLDROOM_QUEUE_PREFIX }, [
    mailQueue,
  ]);
  return {
    module: NotifierModule,
    imports: [redis, ...queues],
    providers: [
      {
        provide: Register,
        useFactory: async () => {
          await migrate(settings.REGISTER_DATABASE_URL);
          return new Register(settings.REGISTER_DATABASE_URL, { applicationName: 'coldroom notifier' });
        },
      },
      ...mailParts(settings),
      {
        provide: MailQueue,
        inject: [RedisConnection, getQueueToken(mailQueue), Log],
        useFactory: (redis: RedisConnection, queue: Queue, log: Log) => new MailQueue(redis, queue, log),
      },
      { provide: LEASE_MS, useValue: settings.COLDROOM_LEASE },
      { provide: ROUND_MS, useValue: settings.COLDROOM_SWEEP_EVERY },
      Recipients,
      RequestFacts,
      ImportFacts,
      AgeingMails,
      ...topics,
      { provide: TOPICS, inject: topics, useFactory: (...made: Topic[]) => made },
      Collector,
      Clock,
      DailyDigests,
      ReportMails,
      Delivery,
      mailProcessor(settings.COLDROOM_LEASE, settings.COLDROOM_CONCURRENCY),
      Rounds,
      NotifierStart,
      { provide: SERVICE_NAME, useValue: 'notifier' },
      LifeSigns,
      NotifierEnd,
    ],
  };
}

function mailParts(settings: NotifierSettings): readonly Provider[] {
  return [
    { provide: NOTIFIER_SITE, useValue: siteOf(settings) },
    {
      provide: Sender,
      useValue: new Sender({ url: settings.SMTP_URL, from: mailboxOf('MAIL_FROM', settings.MAIL_FROM) }),
    },
    {
      provide: Templates,
      useValue: new Templates({ directory: settings.MAIL_TEMPLATES, subjectPrefix: settings.MAIL_SUBJECT_PREFIX }),
    },
  ];
}
