import { Body, Controller, Get, Inject, Put } from '@nestjs/common';
import { z } from 'zod';
import { me, ownMail as ownMailAnswer } from '@coldroom/api';
import { chooseMail, ownMail, rightsOf, type Reviewer } from '@coldroom/operations';
import { mailChoices, Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { toJson } from './json';

const mailChoice = z.strictObject({ choice: z.enum(mailChoices) });

/** Whoever sends the request. */
@Controller('api/v1/me')
export class MeApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({ summary: 'Who you are, and what you may do', answer: me })
  async me(@CurrentVisitor() visitor: Visitor) {
    const { name, personId, roles, leads } = visitor.actor;
    const mail = await ownMail(this.reviewer(visitor));
    const rights = rightsOf(visitor.actor, this.settings.policy);
    return toJson({ name, fullName: visitor.fullName, personId, roles, leads, rights, mail });
  }

  @Put('mail')
  @Answers({ summary: 'Choose how much mail you get', answer: ownMailAnswer.nullable() })
  async mail(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: mailChoice }) { choice }: z.output<typeof mailChoice>,
  ) {
    await chooseMail(this.reviewer(visitor), choice);
    return toJson(await ownMail(this.reviewer(visitor)));
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
