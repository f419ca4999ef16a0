import type { ArkivumStoreSettings } from '../store-settings';
import { ApplianceClient, type Answer } from './client';
import { readFileInfo, type Said } from './file-info';

const unreserved = /[A-Za-z0-9._~/-]/;

/**
 * The part of the appliance's REST API that we use. Sources: aherbert/omero-archiving (fileInfo), Archivematica Storage
 * Service (release, ingest-manifest) and the vendor's own plugin for EPrints (restore-request). Paths are below the
 * store's mount.
 */
export class Appliance {
  private readonly client: ApplianceClient;

  constructor(
    store: string,
    private readonly settings: ArkivumStoreSettings,
  ) {
    this.client = new ApplianceClient(store, settings);
  }

  async fileInfo(path: Buffer): Promise<Said> {
    return readFileInfo(await this.client.get(`/api/2/files/fileInfo/${this.quoted(path)}`));
  }

  /** Reports that a file is complete, with its expected size and checksum. */
  release(path: Buffer, size: bigint, md5: string): Promise<Answer> {
    const told = { size: String(size), checksum: md5, checksumAlgorithm: 'md5', compressionAlgorithm: '' };
    return this.client.post(`/api/2/files/release/${this.quoted(path)}`, 'application/json', JSON.stringify(told));
  }

  /** Reports that a bag is complete. */
  releaseBag(bag: string): Promise<Answer> {
    // The form as Archivematica's client sends it, empty file included: no other form is known to be understood.
    const boundary = 'coldroom-7f1d0c5a';
    const form =
      `--${boundary}\r\nContent-Disposition: form-data; name="bagitPath"\r\n\r\n/${this.named(Buffer.from(bag)).toString()}\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name=""; filename=""\r\n\r\n\r\n--${boundary}--\r\n`;
    return this.client.post('/api/3/ingest-manifest/release', `multipart/form-data; boundary=${boundary}`, form);
  }

  bagStatus(id: string): Promise<Answer> {
    return this.client.get(`/api/3/ingest-manifest/status/${id}`);
  }

  /** Requests that a file be brought into the appliance's cache, by the id from fileInfo. */
  restore(fileId: string): Promise<Answer> {
    return this.client.post(`/api/2/local-cache/restore-request/${fileId}`, 'application/json', '');
  }

  close(): void {
    this.client.close();
  }

  private named(path: Buffer): Buffer {
    return this.settings.folder === '' ? path : Buffer.concat([Buffer.from(`${this.settings.folder}/`), path]);
  }

  /** Percent-encoded byte by byte: names need not be valid text. */
  private quoted(path: Buffer): string {
    return [...this.named(path).toString('latin1')]
      .map((letter) =>
        unreserved.test(letter) ? letter : `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
      )
      .join('');
  }
}
