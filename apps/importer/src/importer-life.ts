import { mkdir } from 'node:fs/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Imports } from '@coldroom/buffers';
import { Files } from '@coldroom/files';
import { ImportDatabase } from '@coldroom/omero';
import { RedisConnection } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Readiness } from '@coldroom/runtime';
import { Originals } from '@coldroom/trees';
import { ATTEMPT_SETTINGS, type AttemptSettings } from './attempts/settings';
import { ImportSweep } from './work/import-sweep';

/** Checks what the importer needs before the first order. OMERO.server is not: orders wait for it. */
@Injectable()
export class ImporterStart implements OnApplicationBootstrap {
  constructor(
    private readonly register: Register,
    private readonly redis: RedisConnection,
    private readonly database: ImportDatabase,
    private readonly imports: Imports,
    private readonly originals: Originals,
    private readonly readiness: Readiness,
    private readonly sweep: ImportSweep,
    @Inject(ATTEMPT_SETTINGS) private readonly settings: AttemptSettings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await mkdir(this.settings.stateDir, { recursive: true, mode: 0o700 });
    const checks: Readonly<Record<string, () => Promise<unknown>>> = {
      redis: () => this.redis.check(),
      register: () => this.register.reports.clock(),
      omero: () => this.database.filesOf([]),
      repository: () => this.originals.root('ManagedRepository'),
      buffers: () => Promise.all(this.imports.buffers.map((buffer) => this.imports.root(buffer))),
    };
    for (const check of Object.values(checks)) await check();
    for (const [name, check] of Object.entries(checks)) this.readiness.add(name, check);
    this.sweep.start();
  }
}

/** Closes what the importer opened; NestJS calls this after its work has ended. */
@Injectable()
export class ImporterEnd implements OnApplicationShutdown {
  constructor(
    private readonly register: Register,
    private readonly files: Files,
    private readonly database: ImportDatabase,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.files.close();
    await this.database.close();
    await this.register.close();
  }
}
