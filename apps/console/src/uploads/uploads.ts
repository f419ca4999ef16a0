import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { messageOf } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { discardAbandoned, proveFile, type Uploading, type Workstation } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { Buffers } from '../imports/buffers';

const hour = 3_600_000;
/** How long a request waits for the proof of a file: less than any server in front waits for an answer. */
const patienceMs = 10_000;

/** What workstations upload: the threads that read it, and the hourly look for what was abandoned. */
@Injectable()
export class Uploads implements OnApplicationShutdown {
  /** Threads of their own, once a workstation uploads. */
  private threads: Files | undefined;
  private readonly ended = new AbortController();
  private readonly proofs = new Map<string, Promise<void>>();
  private readonly hourly = setInterval(() => void this.tidy(), hour).unref();

  constructor(
    private readonly register: Register,
    private readonly buffers: Buffers,
    private readonly log: Log,
  ) {}

  async of(workstation: Workstation): Promise<Uploading> {
    return { register: this.register, imports: await this.buffers.imports(), files: this.files, workstation };
  }

  /** False if the proof is not at its end yet: ask again. One proof of a file runs at a time here. */
  async prove(uploading: Uploading, setName: string, number: number): Promise<boolean> {
    const key = `${uploading.workstation.name} ${setName} ${number}`;
    let proof = this.proofs.get(key);
    if (!proof) {
      proof = proveFile(uploading, setName, number, this.ended.signal).finally(() => this.proofs.delete(key));
      this.proofs.set(key, proof);
    }
    const isOver = proof.then(() => true);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), patienceMs)));
    return Promise.race([isOver, late]).finally(() => clearTimeout(timer));
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.hourly);
    this.ended.abort();
    await Promise.allSettled(this.proofs.values());
    await this.threads?.close();
  }

  private get files(): Files {
    this.threads ??= new Files({ threads: 2 });
    return this.threads;
  }

  async tidy(): Promise<void> {
    if (!this.buffers.areSetUp) return;
    try {
      const imports = await this.buffers.imports();
      if (imports.buffers.every(({ uploads }) => uploads === undefined)) return;
      const discarding = { register: this.register, imports, files: this.files };
      const sets = await discardAbandoned(discarding, this.ended.signal);
      if (sets > 0) this.log.info('abandoned uploads discarded', { sets });
    } catch (error) {
      this.log.warn('abandoned uploads not discarded', { reason: messageOf(error), next: 'it is tried in an hour' });
    }
  }
}
