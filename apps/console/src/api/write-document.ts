import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queues, RedisConnection } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { CONSOLE } from '../console-settings';
import { Buffers } from '../imports/buffers';
import { apiControllers } from './controllers';
import { composeDocument } from './document';

/** A preview: nothing is opened or connected to. */
const providers = [Register, RedisConnection, Queues, Buffers, CONSOLE].map((provide) => ({
  provide,
  useValue: undefined,
}));
@Module({ controllers: apiControllers, providers })
class Preview {}

async function write(): Promise<void> {
  const app = await NestFactory.create(Preview, { preview: true, logger: ['error'] });
  writeFileSync(join(__dirname, '../../../../docs/openapi.json'), `${JSON.stringify(composeDocument(app), null, 2)}\n`);
}

void write();
