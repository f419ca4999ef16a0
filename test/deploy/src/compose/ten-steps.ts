import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ran, repository, run } from '../run';

/** As the example of OMERO's own documentation names them. */
const omeroProject = 'docker-example-omero';
const storeMegabytes = 1024;

interface Place {
  readonly omero: string;
  readonly coldroom: string;
  /** On a file system of its own, as the documentation demands it. */
  readonly store: string;
}

/** Carries out the commands of docs/install-compose.md, as a stranger would, beside a stand-in for OMERO's compose stack. */
export async function walkTenSteps(
  images: { coldroom: string; sample: string },
  say: (line: string) => void,
): Promise<void> {
  const clash = await run('docker', ['volume', 'inspect', `${omeroProject}_omero`]);
  if (clash.code === 0) throw new Error(`the volume ${omeroProject}_omero exists: this test must not touch it`);
  const top = mkdtempSync(join(tmpdir(), 'coldroom-steps-'));
  const place = { omero: join(top, 'omero'), coldroom: join(top, 'coldroom'), store: join(top, 'archive') };
  for (const directory of Object.values(place)) mkdirSync(directory);
  try {
    await ran('truncate', ['-s', `${storeMegabytes}M`, join(top, 'disk')]);
    await ran('mkfs.ext4', ['-q', join(top, 'disk')]);
    await ran('mount', ['-o', 'loop', join(top, 'disk'), place.store]);
    await startOmero(place, images.sample);
    say("a stand-in for OMERO's compose stack runs; the ten steps begin");
    await ran('git', ['clone', '-q', repository, place.coldroom]);
    cpSync(join(repository, 'docs', 'install-compose.md'), join(place.coldroom, 'docs', 'install-compose.md'));
    await takeSteps(place, images.coldroom, say);
  } finally {
    for (const directory of [place.coldroom, place.omero])
      await inDirectory(directory, 'docker compose --profile "*" down --volumes --timeout 5').catch(() => undefined);
    await run('umount', [place.store]);
    rmSync(top, { recursive: true, force: true });
  }
}

/** OMERO's database, a container with OMERO's user and volume, and a stand-in for OMERO.web. Nothing of Coldroom's is prepared. */
async function startOmero({ omero }: Place, sample: string): Promise<void> {
  const service = { image: sample, networks: ['omero'], volumes: ['omero:/OMERO', 'sample:/sample'] };
  const environment = {
    OMERO_OWNER_URL: 'postgres://postgres:postgres@database:5432/postgres',
    SAMPLE_PREPARED: 'false',
  };
  const compose = {
    services: {
      database: {
        image: 'postgres:16',
        environment: { POSTGRES_USER: 'postgres', POSTGRES_DB: 'postgres', POSTGRES_PASSWORD: 'postgres' },
        networks: ['omero'],
        healthcheck: { test: ['CMD', 'pg_isready', '-U', 'postgres', '-h', '127.0.0.1'], interval: '2s', retries: 30 },
      },
      make: { ...service, command: ['make'], environment, depends_on: { database: { condition: 'service_healthy' } } },
      omeroserver: { ...service, user: '1000:1000', entrypoint: ['sleep', 'infinity'] },
      omeroweb: { ...service, command: ['serve'], environment },
    },
    networks: { omero: {} },
    volumes: { omero: {}, sample: {} },
  };
  writeFileSync(join(omero, 'docker-compose.yml'), JSON.stringify(compose));
  writeFileSync(join(omero, '.env'), `COMPOSE_PROJECT_NAME=${omeroProject}\n`);
  await inDirectory(omero, 'docker compose run --rm make && docker compose up -d database omeroserver omeroweb');
}

/** The commands in the section "Ten steps", with the step that each belongs to. */
export function commandsOfSteps(page: string): readonly { readonly step: number; readonly command: string }[] {
  const [, section = ''] = page.split('## Ten steps');
  let step = 0;
  const found: { step: number; command: string }[] = [];
  for (const line of (section.split('\n## ')[0] ?? '').split('\n')) {
    step = Number(/^(\d+)\. /.exec(line)?.[1] ?? step);
    const [, command] = /^ {7,8}(\S.*)$/.exec(line) ?? [];
    if (command) found.push({ step, command });
  }
  return found;
}

async function takeSteps(place: Place, image: string, say: (line: string) => void): Promise<void> {
  const begun = Date.now();
  const page = readFileSync(join(place.coldroom, 'docs', 'install-compose.md'), 'utf8');
  for (const { step, command } of commandsOfSteps(page)) {
    if (command.startsWith('git clone')) continue; // done, from this checkout
    const directory = command.includes("in OMERO's directory") ? place.omero : place.coldroom;
    await inDirectory(directory, asScript(command, place, image));
    if (command.startsWith('cp deploy/example.env')) writeSettings(place);
    say(`step ${step}: ${command}`);
  }
  const undone = await inDirectory(place.coldroom, 'docker compose run --rm -T cli undo Request:1 --yes');
  say(`the ten steps took ${Math.round((Date.now() - begun) / 1000)} s; undo: ${undone.trim().split('\n').at(-1)}`);
}

/** What the steps tell to write by hand. */
function writeSettings({ omero, coldroom, store }: Place): void {
  const file = join(coldroom, '.env');
  const settings = `${readFileSync(file, 'utf8').replace(/^COLDROOM_STORE=.*$/m, `COLDROOM_STORE=${store}/coldroom`)}`;
  writeFileSync(file, `${settings}\nCOMPOSE_PROJECT_NAME=coldroom-steps\n`);
  writeFileSync(join(omero, '.env'), `COMPOSE_PROJECT_NAME=${omeroProject}\nCOLDROOM_STORE=${store}/coldroom\n`);
}

/** A command of the page, with what a person would fill in or answer. */
function asScript(command: string, { coldroom, store }: Place, image: string): string {
  if (command.startsWith('docker build')) return `docker tag ${image} coldroom`; // built from this checkout
  if (command.includes('\\password'))
    return `docker compose exec -T database psql -U postgres -d postgres -c "ALTER ROLE coldroom_scanner PASSWORD '$(sed 's#.*coldroom_scanner:\\(.*\\)@.*#\\1#' ${coldroom}/deploy/secrets/omero_url)'"`;
  return command
    .replaceAll('/path/to/coldroom', coldroom)
    .replaceAll('/mnt/archive', store)
    .replaceAll(' VOLUME', ` ${omeroProject}_omero`)
    .replace(/^sudo /, '')
    .replace('compose run --rm cli', 'compose run --rm -T cli')
    .replace('compose exec omeroserver', 'compose exec -T omeroserver')
    .replace('doctor --prepare', 'doctor --prepare --yes')
    .replace('requests approve 1', 'requests approve 1 --yes');
}

async function inDirectory(directory: string, script: string): Promise<string> {
  return ran('sh', ['-c', `cd "$1" && ${script}`, 'sh', directory]);
}
