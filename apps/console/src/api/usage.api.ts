import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { z } from 'zod';
import { usageDays, usageFigures } from '@coldroom/api';
import { usageDaysFor, usageFor, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { choiceOf, usageQuery } from '../usage/input';
import { Answers } from './answers';
import { toJson } from './json';

type Choice = z.output<typeof usageQuery>;

/** How much is in OMERO and in the archive, as far as the visitor may see it. */
@Controller('api/v1/usage')
export class UsageApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({ summary: 'How much is archived and in OMERO, by group, person, store and project', answer: usageFigures })
  async usage(@CurrentVisitor() visitor: Visitor, @Query({ schema: usageQuery }) query: Choice) {
    return toJson(await usageFor(this.reviewer(visitor), choiceOf(query), this.settings.omeroPrice));
  }

  @Get('days')
  @Answers({
    summary: 'How much was archived at the end of each day of two years, oldest first',
    description: 'Groups are recorded as a whole: with `owner` there are none.',
    answer: usageDays,
  })
  async days(@CurrentVisitor() visitor: Visitor, @Query({ schema: usageQuery }) query: Choice) {
    return toJson({ data: await usageDaysFor(this.reviewer(visitor), choiceOf(query)) });
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
