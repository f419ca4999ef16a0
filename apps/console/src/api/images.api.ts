import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { z } from 'zod';
import { openedImages as answer } from '@coldroom/api';
import { openedImages } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { idText } from '../files/input';
import { parseChosen } from '../open/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { oneOrMore } from './input';
import { toJson } from './json';

const ids = oneOrMore(idText);
const query = z.strictObject({ image: ids, dataset: ids, project: ids, plate: ids, screen: ids });

/** Images as OMERO names them. */
@Controller('api/v1/images')
export class ImagesApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({
    summary: 'Where these images are, and those in datasets, projects, plates and screens',
    description: 'At most 1000 objects. The scanner reads in OMERO what is in a container.',
    answer,
  })
  async opened(
    @CurrentVisitor() { actor }: Visitor,
    @Query({ schema: query }) _query: unknown,
    @Req() request: Request,
  ) {
    // Read from the address: the query that was parsed before leaves out all but the first thousand.
    const { images, containers } = parseChosen(request.originalUrl);
    const reviewer = { register: this.register, actor, policy: this.settings.policy };
    return toJson(await openedImages(reviewer, images, containers));
  }
}
