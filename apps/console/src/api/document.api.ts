import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { toHtml } from '../layout/html';
import { CurrentVisitor, Public } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { ApiDocument } from './document';
import { DocumentPage } from './document-page';

/** What the API is: for everyone, as it says nothing about data. */
@ApiExcludeController()
@Public()
@Controller('api')
export class DocumentApi {
  constructor(
    private readonly document: ApiDocument,
    private readonly site: Site,
  ) {}

  @Get('v1/openapi.json')
  json(): unknown {
    return this.document.get();
  }

  @Get('docs')
  page(@CurrentVisitor() visitor: Visitor | undefined): string {
    return toHtml(DocumentPage({ site: this.site, visitor, document: this.document.get() }));
  }
}
