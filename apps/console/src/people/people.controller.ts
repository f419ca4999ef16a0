import { Controller, Get, Inject, Query } from '@nestjs/common';
import { peopleFor, peopleReadFor, tokensFor, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { parseSearch } from './input';
import { PeoplePage } from './people-page';

const pageSize = 50;

/** Who has which role, and the access tokens of machines. */
@Controller('people')
export class PeopleController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async page(@CurrentVisitor() visitor: Visitor, @Query() query: unknown): Promise<string> {
    const reviewer: Reviewer = { register: this.register, actor: visitor.actor, policy: this.settings.policy };
    const read = await peopleReadFor(reviewer);
    const { group, ...search } = parseSearch(query);
    const found = await peopleFor(reviewer, this.settings.roles, { ...search, groupId: group, limit: pageSize + 1 });
    return toHtml(
      PeoplePage({
        site: this.site,
        visitor,
        search: { group, ...search },
        people: found.slice(0, pageSize),
        isMore: found.length > pageSize,
        read,
        tokens: await tokensFor(reviewer),
      }),
    );
  }
}
