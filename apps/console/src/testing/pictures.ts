import '@coldroom/runtime/require-node';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeServerData, startPostgres, startRedis } from '@coldroom/local';
import { describeSettings } from '@coldroom/runtime';
import { pagesOfAdministration } from './administration-pages';
import { AnsweringScanner } from './answering-scanner';
import { Chromium, signIn } from './chromium';
import { pagesOfFiles } from './file-pages';
import { ImportPages } from './import-pages';
import { pagesOfOversight } from './oversight-pages';
import { RunningConsole } from './running-console';
import { fillWithSample } from './sample-contents';
import { samplePeople } from './sample-people';

/** Takes a picture of each page for docs/console.md, from sample data. */
const target = join(__dirname, '..', '..', '..', '..', 'docs', 'images');

async function main(): Promise<void> {
  mkdirSync(target, { recursive: true });
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-pictures-'));
  const postgres = await startPostgres({ dir });
  const redis = await startRedis({ dir });
  process.env['TEST_POSTGRES_URL'] = postgres.url;
  process.env['TEST_REDIS_URL'] = redis.url;
  if (process.argv.includes('imports')) {
    await takeImports().finally(async () => {
      await redis.stop();
      await postgres.stop();
      removeServerData(dir);
    });
    return;
  }
  const running = await RunningConsole.startForBrowsers('pictures', { described: describeSettings(sampleSettings) });
  const scanner = new AnsweringScanner(running.register);
  const chromium = await Chromium.start();
  try {
    const shown = await fillWithSample(running);
    const pages = await pagesOfFiles(running, shown, scanner);
    const oversight = { ...(await pagesOfOversight(running)), ...(await pagesOfAdministration(running)) };
    for (const colours of ['light', 'dark'] as const)
      await take(running, chromium, { colours, width: 1120, shown, pages, oversight });
    await take(running, chromium, {
      colours: 'light',
      width: 400,
      shown,
      pages,
      oversight,
      only: ['requests', 'request-waiting', 'files', 'people', 'usage', 'stores'],
    });
  } finally {
    await chromium.stop();
    await scanner.stop();
    await running.stop();
    await takeImports();
    await redis.stop();
    await postgres.stop();
    removeServerData(dir);
  }
}

/** As alice sees them, in a console of its own: `npm run pictures -- imports` takes only these. */
async function takeImports(): Promise<void> {
  const imports = await ImportPages.make();
  const running = await RunningConsole.startForBrowsers('pictures_imports', { imports: imports.settings });
  const chromium = await Chromium.start();
  try {
    await running.register.people.mirror(samplePeople);
    const pages = await imports.fill(running);
    for (const colours of ['light', 'dark'] as const) {
      const page = await chromium.open(running.settings.url, { colours, width: 1120, height: 620 });
      await signIn(page, 'alice');
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(`${running.settings.url}${path}`);
        await page.evaluate(showAs, [imports.path, '/buffer']);
        const file = join(target, `console-${name.replaceAll(' ', '-')}-${colours}.png`);
        await page.screenshot({ path: file, fullPage: true });
        console.log(file);
      }
      await page.context().close();
    }
  } finally {
    await chromium.stop();
    await running.stop();
    imports.remove();
  }
}

/** Runs in the browser: texts with one path show another one. */
function showAs([from, to]: readonly string[]): void {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.nodeValue = texts.currentNode.nodeValue!.replaceAll(from!, to!);
  for (const input of document.querySelectorAll('input')) input.value = input.value.replaceAll(from!, to!);
}

const sampleSettings = {
  COLDROOM_URL: 'https://facility.example.org/coldroom/',
  COLDROOM_SESSION_SECRET_FILE: '/etc/coldroom/session-secret',
  COLDROOM_MANAGERS: 'dora,group:facility',
  OMERO_WEB_URL: 'https://facility.example.org/omero/',
  REGISTER_DATABASE_URL: 'postgres://coldroom:secret@db/register',
  REDIS_URL: 'redis://redis',
};

interface Series {
  readonly colours: 'light' | 'dark';
  readonly width: number;
  readonly shown: Awaited<ReturnType<typeof fillWithSample>>;
  /** By what is on them. */
  readonly pages: Readonly<Record<string, string>>;
  /** As those before, for an administrator. */
  readonly oversight: Readonly<Record<string, string>>;
  readonly only?: readonly string[];
}

async function take(
  running: RunningConsole,
  chromium: Chromium,
  { colours, width, shown, pages, oversight, only }: Series,
): Promise<void> {
  const { url } = running.settings;
  const page = await chromium.open(url, { colours, width, height: 620 });
  const save = async (name: string, from = page): Promise<void> => {
    if (only && !only.includes(name)) return;
    const path = join(target, `console-${name}-${width < 500 ? 'phone-' : ''}${colours}.png`);
    await from.screenshot({ path, fullPage: true });
    console.log(path);
  };
  await save('sign-in');
  await signIn(page, 'dora');
  await save('overview');
  await page.goto(`${url}requests`);
  await save('requests');
  for (const name of ['waiting', 'running', 'error'] as const) {
    await page.goto(`${url}requests/${shown[name]}`);
    await save(`request-${name}`);
  }
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(`${url}${path}`);
    await save(name.replaceAll(' ', '-'));
  }
  await page.goto(`${url}requests/999`);
  await save('not-found');
  await page.goto(`${url}requests?state=Approved`);
  await save('empty');
  await page.context().close();
  const own = await chromium.open(url, { colours, width, height: 620 });
  await signIn(own, 'alice');
  await own.goto(`${url}me`);
  await save('me', own);
  await own.context().close();
  const whole = await chromium.open(url, { colours, width, height: 620 });
  await signIn(whole, 'root');
  for (const [name, path] of Object.entries(oversight)) {
    await whole.goto(`${url}${path}`);
    await save(name.replaceAll(' ', '-'), whole);
  }
  await whole.context().close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
