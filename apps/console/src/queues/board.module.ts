import { BullBoardModule } from '@bull-board/nestjs';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Module, type DynamicModule } from '@nestjs/common';
import { stageNames } from '@coldroom/pipeline';
import type { ConsoleSettings } from '../console-settings';
import type { Visitors } from '../sign-in/visitors';
import type { Site } from '../site';
import { boardAccess } from './board-access';

/** Bull Board for the queues of all stages, below `/queues/board`. */
@Module({})
export class BoardModule {
  static with(settings: ConsoleSettings, queues: DynamicModule, visitors: Visitors, site: Site): DynamicModule {
    return {
      module: BoardModule,
      imports: [
        queues,
        BullBoardModule.forRoot({
          route: '/queues/board',
          adapter: ExpressAdapter,
          middleware: boardAccess(settings, visitors, site),
          boardOptions: {
            uiConfig: { boardTitle: 'Queues', miscLinks: [{ text: 'Back to Coldroom', url: site.href('/requests') }] },
          },
        }),
        BullBoardModule.forFeature(
          ...stageNames.map((name) => ({
            name,
            adapter: BullMQAdapter,
            options: { readOnlyMode: settings.queuesReadOnly },
          })),
        ),
      ],
    };
  }
}
