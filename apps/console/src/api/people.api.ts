import { Controller, Get, Inject, Query } from '@nestjs/common';
import { z } from 'zod';
import { peoplePage, tokensList } from '@coldroom/api';
import { peopleFor, peopleReadFor, tokensFor, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { peopleFields } from '../people/input';
import { writtenText } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { limitField } from './input';
import { toJson } from './json';

/** The cursor is a login name. */
const query = z.strictObject({ ...peopleFields, cursor: writtenText(255).optional(), limit: limitField });

/** OMERO's users with their roles, and the access tokens of machines. */
@Controller('api/v1')
export class PeopleApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get('people')
  @Answers({ summary: "OMERO's users with their roles, by login name", answer: peoplePage })
  async people(@CurrentVisitor() visitor: Visitor, @Query({ schema: query }) given: z.output<typeof query>) {
    const reviewer = this.reviewer(visitor);
    const read = await peopleReadFor(reviewer);
    const { cursor: after, limit, group: groupId, ...search } = given;
    const found = await peopleFor(reviewer, this.settings.roles, { ...search, groupId, after, limit: limit + 1 });
    const data = found.slice(0, limit);
    return toJson({ data, next: found.length > limit ? (data.at(-1)?.login ?? null) : null, ...read });
  }

  @Get('tokens')
  @Answers({ summary: 'Access tokens, without their secrets, which are not kept', answer: tokensList })
  async tokens(@CurrentVisitor() visitor: Visitor) {
    return toJson({ data: await tokensFor(this.reviewer(visitor)) });
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
