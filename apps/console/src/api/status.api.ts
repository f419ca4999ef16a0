import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { lastScan, overview, resumed, scan, scanRequested, status, stoppedList, stuckList } from '@coldroom/api';
import {
  lastScanFor,
  overviewFor,
  requestScanAs,
  resumeAs,
  scanFor,
  statusFor,
  stopAs,
  stoppedFor,
  stuckFor,
  type Reviewer,
} from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { parseId, seenStop, writtenText } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { Idempotent } from './idempotent';
import { toJson } from './json';

const stop = z.strictObject({ reason: writtenText(500).describe('Others read it') });
const resume = z.strictObject({
  name: writtenText(200).optional().describe('`all`, `stage:NAME` or `store:NAME`; without it, everything'),
  changedAt: seenStop,
});

/** What runs, what is stuck or stopped, and scans. */
@Controller('api/v1')
export class StatusApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get('overview')
  @Answers({ summary: 'What waits for you, what runs, what is stuck', answer: overview })
  async overview(@CurrentVisitor() visitor: Visitor) {
    return toJson(await overviewFor(this.reviewer(visitor)));
  }

  @Get('status')
  @Answers({ summary: 'All requests and files by state, what is stuck, and the last scan', answer: status })
  async status(@CurrentVisitor() visitor: Visitor) {
    return toJson(await statusFor(this.reviewer(visitor)));
  }

  @Get('stuck')
  @Answers({ summary: 'Stuck files by code, with what helps', answer: stuckList })
  async stuck(@CurrentVisitor() visitor: Visitor) {
    return toJson({ data: await stuckFor(this.reviewer(visitor)) });
  }

  @Get('switches')
  @Answers({ summary: 'What is stopped', answer: stoppedList })
  async switches(@CurrentVisitor() visitor: Visitor) {
    return toJson({ data: await stoppedFor(this.reviewer(visitor)) });
  }

  @Post('switches/stop')
  @HttpCode(200)
  @Idempotent()
  @Answers({
    summary: 'Stop everything',
    description: 'No further original is replaced or released until someone resumes. Answers what is stopped.',
    answer: stoppedList,
  })
  async stop(@CurrentVisitor() visitor: Visitor, @Body({ schema: stop }) { reason }: z.output<typeof stop>) {
    await stopAs(this.reviewer(visitor), reason);
    return toJson({ data: await stoppedFor(this.reviewer(visitor)) });
  }

  @Post('switches/resume')
  @HttpCode(200)
  @Idempotent()
  @Answers({
    summary: 'Resume what is stopped',
    description: 'What was stopped after `changedAt` stays stopped, and is in `stillStopped`.',
    answer: resumed,
  })
  async resume(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: resume }) { name, changedAt }: z.output<typeof resume>,
  ) {
    return toJson(await resumeAs(this.reviewer(visitor), name, changedAt));
  }

  @Get('scans/last')
  @Answers({ summary: 'The last scan that is finished', answer: lastScan })
  async lastScan(@CurrentVisitor() visitor: Visitor) {
    return toJson({ scan: (await lastScanFor(this.reviewer(visitor))) ?? null });
  }

  @Get('scans/:id')
  @Answers({ summary: 'A scan and what it found', answer: scan })
  async scan(@CurrentVisitor() visitor: Visitor, @Param('id') id: string) {
    return toJson(await scanFor(this.reviewer(visitor), parseId(id)));
  }

  @Post('scans')
  @HttpCode(202)
  @Idempotent()
  @Answers({
    summary: 'Request a scan of OMERO',
    description: 'The scanner begins within seconds. `GET scans/{id}` says when it is done.',
    answer: scanRequested,
    statuses: { 202: 'The number of the scan' },
  })
  async requestScan(@CurrentVisitor() visitor: Visitor) {
    return toJson({ scan: await requestScanAs(this.reviewer(visitor)) });
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
