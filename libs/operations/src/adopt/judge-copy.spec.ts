import { createHash } from 'node:crypto';
import type { CopyDigest } from '@coldroom/domain';
import { judgeCopy, wantedDigests } from './judge-copy';
import { readRecord } from './record-text';

const content = Buffer.from('pixels');
const of = (name: string): string => createHash(name).update(content).digest('hex');
const copy: CopyDigest = {
  digests: { 'SHA-256': of('sha256'), 'MD5-128': of('md5'), 'SHA1-160': of('sha1'), 'Adler-32': '95028d08' },
  size: 6n,
  read: 'direct',
  version: 'v',
};
const adler = Buffer.from('95028d08', 'hex').readUInt32LE();
const source = '[Source]\nimage = 7\npath = /OMERO/a=b\nbytes = 6\n\n';
const record = (text: string): ReturnType<typeof readRecord> => readRecord(Buffer.from(text));
const proofOf = (text: string | null, known: Partial<Parameters<typeof judgeCopy>[0]> = {}): string =>
  judgeCopy({ record: text === null ? undefined : record(text), omeroHash: null, size: null, ...known }, copy).proof;
const sha1 = { omeroHash: { algorithm: 'SHA1-160', value: of('sha1').toUpperCase() } };

it.each([
  ['two digests of the tool', `${source}[File Archiver]\nmd5 = ${of('md5')}\nsha256 = ${of('sha256')}\n`, {}, 'PROVEN'],
  ['one of the tool and that of OMERO', `${source}[Arkivum Archiver]\nmd5 = ${of('md5')}\n`, sha1, 'PROVEN'],
  ['one of the tool', `${source}[Arkivum Archiver]\nmd5 = ${of('md5')}\nadler32 = ${adler}\n`, {}, 'PROVEN_BY_ONE'],
  ['that of OMERO alone', null, sha1, 'PROVEN_BY_ONE'],
  ['a short one, which proves nothing', `${source}[File Archiver]\nadler32 = ${adler}\n`, {}, 'UNPROVEN'],
  ['none', source, {}, 'UNPROVEN'],
  ['an algorithm of a later OMERO', null, { omeroHash: { algorithm: 'SHA3', value: 'ab' } }, 'UNPROVEN'],
  ['another short one', `${source}[File Archiver]\nmd5 = ${of('md5')}\nadler32 = ${adler + 1}\n`, sha1, 'DIFFERS'],
  [
    'another digest',
    `${source}[File Archiver]\nmd5 = ${of('sha1').slice(8)}\nsha256 = ${of('sha256')}\n`,
    {},
    'DIFFERS',
  ],
  ['another hash in OMERO', source, { omeroHash: { algorithm: 'SHA1-160', value: 'ab' } }, 'DIFFERS'],
  ['another size in OMERO', source, { ...sha1, size: 7n }, 'DIFFERS'],
  ['another size of the tool', source.replace('bytes = 6', 'bytes = 5'), sha1, 'DIFFERS'],
])('judges a copy by %s', (_by, text, known, proof) => expect(proofOf(text, known)).toBe(proof));

it('has every recorded digest computed', () => {
  const known = { record: record(`${source}[File Archiver]\nmd5 = ${of('md5')}\nadler32 = 1\n`), size: null };
  expect(wantedDigests({ ...known, omeroHash: sha1.omeroHash })).toEqual([
    'SHA-256',
    'MD5-128',
    'Adler-32',
    'SHA1-160',
  ]);
});

it('takes no record from a file that is none', () => {
  expect(record('md5 = abc\n')).toBeUndefined();
  expect(record(`${source}[File Archiver]\narchived = Mon\nmd5 = nonsense\n`)).toMatchObject({
    digests: {},
    size: 6n,
    archived: true,
  });
});
