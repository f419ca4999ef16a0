import { Injectable } from '@nestjs/common';
import { Imports, isWithin, ownerOf, type BufferSettings } from '@coldroom/buffers';
import { codeOf, messageOf } from '@coldroom/domain';
import { displayPath, Files, openDirectory, type Root } from '@coldroom/files';
import { Register, type UnimportedData } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

const namesAtOnce = 500;

/** Finds what is in people's directories and was never imported, for mails about its age. Changes nothing. */
@Injectable()
export class UnimportedRound {
  constructor(
    private readonly imports: Imports,
    private readonly register: Register,
    private readonly files: Files,
    private readonly log: Log,
  ) {}

  async run(stop: AbortSignal): Promise<void> {
    for (const buffer of this.imports.buffers) {
      if (buffer.lifetimeMs === null || buffer.permanent || stop.aborted) continue;
      try {
        const root = await this.imports.root(buffer);
        const found: UnimportedData[] = [];
        for (const person of await this.people(buffer)) {
          if (stop.aborted) return;
          found.push(...(await this.ofPerson(root, buffer, person, buffer.lifetimeMs)));
        }
        await this.register.imports.unimported.found(buffer.name, found);
      } catch (error) {
        const [code, reason] = [codeOf(error), messageOf(error)];
        this.log.warn('ages not read', { buffer: buffer.name, code, reason, next: 'it will be retried tomorrow' });
      }
    }
  }

  private async people(buffer: BufferSettings): Promise<readonly { readonly path: Buffer; readonly login: string }[]> {
    const depth = buffer.access.split('/').length;
    const directories = await this.files.survey(buffer.directory, depth, Buffer.from('-'));
    return directories.flatMap(({ path, depth: level }) => {
      const login = level === depth ? ownerOf(path, buffer) : undefined;
      return login === undefined || isWithin(absolute(buffer, path), Buffer.from(buffer.locks))
        ? []
        : [{ path, login }];
    });
  }

  private async ofPerson(
    root: Root,
    buffer: BufferSettings,
    { path, login }: { readonly path: Buffer; readonly login: string },
    lifetimeMs: number,
  ): Promise<readonly UnimportedData[]> {
    const directory = await openDirectory(root, path);
    const names = await directory.names().finally(() => directory.close());
    const all = names.map((name) => absolute(buffer, Buffer.concat([path, Buffer.from('/'), name])));
    const found: UnimportedData[] = [];
    for (let start = 0; start < all.length; start += namesAtOnce) {
      const never = await this.register.imports.unimported.neverOrdered(all.slice(start, start + namesAtOnce));
      for (const one of never) {
        const sum = await this.sumOf(buffer, one);
        if (!sum || sum.files === 0) continue;
        const changedAt = new Date(Number(sum.newest / 1_000_000n));
        const lifetimeAt = new Date(changedAt.getTime() + lifetimeMs);
        found.push({
          path: one,
          display: displayPath(one),
          login,
          files: sum.files,
          bytes: sum.bytes,
          changedAt,
          lifetimeAt,
        });
      }
    }
    return found;
  }

  /** Undefined for what is neither a file nor a directory, or is gone. */
  private async sumOf(
    buffer: BufferSettings,
    path: Buffer,
  ): Promise<{ readonly files: number; readonly bytes: bigint; readonly newest: bigint } | undefined> {
    const place = { root: buffer.directory, path: path.subarray(buffer.directory.length + 1) };
    const [found] = await this.files.inspect([place]);
    if (found?.kind === 'directory') return this.files.summarize(place);
    if (found?.kind !== 'file') return undefined;
    return { files: 1, bytes: found.identity.size, newest: found.identity.mtimeNs };
  }
}

const absolute = ({ directory }: BufferSettings, path: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${directory}/`), path]);
