import {
  Body,
  Controller,
  Delete,
  Get,
  Head,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import {
  beginUpload,
  declareFiles,
  discardUpload,
  orderUpload,
  receptionOf,
  uploadOf,
  uploadStatus,
  type Workstation,
} from '@coldroom/operations';
import { toJson } from '../api/json';
import { Public } from '../sign-in/actor.guard';
import { declaredFilesOf, fileNumber, filesBody, missingQuery, setName, uploadBody, uploadOrderOf } from './input';
import { receive } from './reception';
import { Uploads } from './uploads';
import { CurrentWorkstation, WorkstationGuard } from './workstation.guard';

/**
 * What coldroom-agent speaks: it declares the files of a set, sends each by the tus protocol, has each proven, and orders the
 * import. Each call may be repeated. It is no part of the REST API for other programs.
 */
@Controller('api/v1/uploads')
@ApiExcludeController()
@SkipThrottle()
@Public()
@UseGuards(WorkstationGuard)
export class UploadsApi {
  constructor(private readonly uploads: Uploads) {}

  /** What the token may do: the agent looks here whether it is right. */
  @Get()
  async workstation(@CurrentWorkstation() { name, buffer, people }: Workstation) {
    return { workstation: name, buffer, people };
  }

  @Post()
  @HttpCode(200)
  async begin(
    @CurrentWorkstation() workstation: Workstation,
    @Body({ schema: uploadBody }) body: z.output<typeof uploadBody>,
  ) {
    const uploading = await this.uploads.of(workstation);
    const { setName: set } = await beginUpload(uploading, uploadOrderOf(body));
    return toJson(await uploadStatus(uploading, set));
  }

  @Get(':set')
  async status(@CurrentWorkstation() workstation: Workstation, @Param('set', { schema: setName }) set: string) {
    return toJson(await uploadStatus(await this.uploads.of(workstation), set));
  }

  @Post(':set/files')
  @HttpCode(200)
  async declare(
    @CurrentWorkstation() workstation: Workstation,
    @Param('set', { schema: setName }) set: string,
    @Body({ schema: filesBody }) body: z.output<typeof filesBody>,
  ) {
    const uploading = await this.uploads.of(workstation);
    await declareFiles(uploading, await uploadOf(uploading, set), declaredFilesOf(body));
    return {};
  }

  @Get(':set/missing')
  async missing(
    @CurrentWorkstation() workstation: Workstation,
    @Param('set', { schema: setName }) set: string,
    @Query({ schema: missingQuery }) { after }: z.output<typeof missingQuery>,
  ) {
    const uploading = await this.uploads.of(workstation);
    const { id } = await uploadOf(uploading, set);
    return { numbers: await uploading.register.imports.uploadFiles.missing(id, after) };
  }

  @Head(':set/files/:number')
  async offset(
    @CurrentWorkstation() workstation: Workstation,
    @Param('set', { schema: setName }) set: string,
    @Param('number', { schema: fileNumber }) number: number,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await receive(await receptionOf(await this.uploads.of(workstation), set, number), request, response);
  }

  @Patch(':set/files/:number')
  async bytes(
    @CurrentWorkstation() workstation: Workstation,
    @Param('set', { schema: setName }) set: string,
    @Param('number', { schema: fileNumber }) number: number,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await receive(await receptionOf(await this.uploads.of(workstation), set, number), request, response);
  }

  @Post(':set/files/:number/proof')
  @HttpCode(200)
  async prove(
    @CurrentWorkstation() workstation: Workstation,
    @Param('set', { schema: setName }) set: string,
    @Param('number', { schema: fileNumber }) number: number,
  ) {
    return { proven: await this.uploads.prove(await this.uploads.of(workstation), set, number) };
  }

  @Post(':set/order')
  @HttpCode(200)
  async order(@CurrentWorkstation() workstation: Workstation, @Param('set', { schema: setName }) set: string) {
    const uploading = await this.uploads.of(workstation);
    await orderUpload(uploading, set);
    return toJson(await uploadStatus(uploading, set));
  }

  @Delete(':set')
  @HttpCode(200)
  async discard(@CurrentWorkstation() workstation: Workstation, @Param('set', { schema: setName }) set: string) {
    await discardUpload(await this.uploads.of(workstation), set);
    return {};
  }
}
