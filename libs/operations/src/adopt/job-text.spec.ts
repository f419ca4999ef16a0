import { readJob } from './job-text';

const job = (info: string, images = '', files = ''): Buffer =>
  Buffer.from(
    `[Info]\nuser id = 4\nomename = ada\ngroup id = 3\nowner id = 5\nowner omename = bob\nemail = None\nstatus = New\n${info}\n[Images]\n${images}\n[Files]\n${files}\n`,
    'latin1',
  );
const names = (content: Buffer): string[] => readJob(content)!.files.map(({ name }) => name.toString('latin1'));

it('reads who asked for what', () => {
  expect(readJob(job('expiry = 2026-11-28\n', '/P/D/a (7) = True\n', '/OMERO/a.tif = Finished\n'))).toEqual({
    user: 'ada',
    userId: 4n,
    groupId: 3n,
    requester: 'bob',
    requesterId: 5n,
    notes: new Map([['expiry', '2026-11-28']]),
    imageIds: [7n],
    files: [{ name: Buffer.from('/OMERO/a.tif'), status: 'Finished' }],
    notUnderstood: [],
  });
});

it('is not misled by a note with lines that look like sections and keys', () => {
  const misleading =
    'description = one\n\tomename = eve\n[Files]\n/etc/passwd = Running\nuser id = 99\n[Images]\nx (1) = True\n';
  expect(readJob(job(misleading, '/P/D/a (7) = False\n', '/OMERO/a = New\n'))).toMatchObject({
    user: 'ada',
    userId: 4n,
    imageIds: [7n],
    files: [{ name: Buffer.from('/OMERO/a') }],
  });
});

it.each(['/a = b.tif', '/a=b.tif', '/[x] # ; y', '/caf\xe9', '/a = Finished', '/with (1)', '/ends = New'])(
  'reads a path %j to its last byte',
  (path) => expect(names(job('', '', `${path} = Running\n/next = New\n`))).toEqual([path, '/next']),
);

it('puts together a name that contains a newline', () => {
  expect(names(job('', '', '/a\n\tb.tif = Running\n/next = New\n'))).toEqual(['/a\nb.tif', '/next']);
  expect(readJob(job('', '/P/D/one\n\ttwo (8) = True\n'))!.imageIds).toEqual([8n]);
});

it('names what it does not understand, and reads the rest', () => {
  expect(readJob(job('', '', '/a = New\n/b = Lost\n/c = New\n'))).toMatchObject({
    files: [{ name: Buffer.from('/a') }, { name: Buffer.from('/c') }],
    notUnderstood: ['/b = Lost'],
  });
});

it.each(['', 'hello', '[Info]\nuser id = 3\n', '[Files]\n/a = New\n'])('says that %j is no job', (text) =>
  expect(readJob(Buffer.from(text))).toBeUndefined(),
);
