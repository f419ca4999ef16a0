import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ran, run } from '../run';
import { faultsOfMonitoring, untilScraped } from './look-at-metrics';
import type { Stack } from './stack';
import { Visit, type Page } from './visit';

export interface Walk {
  readonly stack: Stack;
  readonly say: (line: string) => void;
  readonly httpsPort: number;
  readonly prometheusPort: number;
}

export const services = ['scanner', 'checksum', 'transfer', 'ingest-watcher', 'linker', 'console'] as const;

/** From nothing to a stack whose own checks find no fault. */
export async function install({ stack, say }: Pick<Walk, 'stack' | 'say'>): Promise<void> {
  await stack.up();
  await stack.untilHealthy([...services, 'register', 'redis']);
  const doctor = await stack.coldroom('doctor', '--json');
  if (doctor.code !== 0) throw new Error(`doctor found faults:\n${doctor.stdout}${doctor.stderr}`);
  say('all services are healthy, and doctor finds no fault');
}

export async function startPrometheus({ stack }: Walk): Promise<void> {
  await stack.do('--profile', 'monitoring', 'up', '-d', '--no-build', '--no-deps', 'prometheus');
}

/** Prometheus finds all containers, and each panel and alert asks for something that is there. */
export async function lookAtMetrics({ stack, say, prometheusPort }: Walk): Promise<void> {
  await untilScraped(prometheusPort, services);
  let faults = await faultsOfMonitoring(prometheusPort);
  // A rate needs two scrapes of a container that was just replaced: a minute, at most.
  for (let tries = 0; faults.length > 0 && tries < 18; tries += 1, await sleep(5000))
    faults = await faultsOfMonitoring(prometheusPort);
  if (faults.length > 0) throw new Error(`dashboards or alerts have faults:\n${faults.join('\n')}`);
  await stack.do('--profile', 'monitoring', 'stop', 'prometheus');
  say('Prometheus scrapes all services, and each panel has data');
}

/** Archives two requests, while workers are added and killed and both servers are restarted. */
export async function archiveUnderFire({ stack, say }: Walk): Promise<void> {
  await command(stack, 'scan');
  // The sample is small: nothing may be archived before the first kill.
  await command(stack, 'stop', '--reason', 'containers are about to be killed');
  await command(stack, 'requests', 'approve', '1', '2', '--yes');
  await packed(stack);
  await command(stack, 'resume');
  const victims = [];
  for (const service of ['transfer', 'linker', 'checksum']) victims.push(...(await stack.containersOf(service)));
  await ran('docker', ['kill', '--signal', 'KILL', ...victims]);
  const unfinished = await unfinishedBags(stack);
  if (unfinished === 0) throw new Error('all was archived before the kills: they proved nothing');
  await ran('docker', ['start', ...victims]);
  say(`${unfinished} bags were unfinished when transfer, linker and checksum were killed`);
  await stack.up('--scale', 'transfer=3', '--no-recreate');
  for (const service of ['redis', 'register']) {
    const [id = ''] = await stack.containersOf(service);
    await ran('docker', ['restart', '--time', '1', id]);
  }
  await finished(stack);
  await prove({ stack, say }, 'after kills of transfer, linker and checksum, and restarts of Redis and the register');
}

/** Everything comes back while all services are replaced by another build. */
export async function upgradeWhileRestoring({ stack, say }: Walk, image: string): Promise<void> {
  await command(stack, 'restore', 'Request:2', '--yes', '--no-wait');
  await stack.with({ COLDROOM_IMAGE: image }).up(...services);
  await stack.untilHealthy(services);
  await finished(stack);
  await prove({ stack, say }, 'after an upgrade in the middle of a restore');
  const audit = await stack.coldroom('audit', '--json');
  if (audit.code !== 0) throw new Error(`the audit has findings:\n${audit.stdout.slice(0, 4000)}`);
  say('the audit has no findings');
}

/** With Caddy's own authority and with a certificate of the site; what a browser claims about itself is not believed. */
export async function visitConsole({ stack, say, httpsPort }: Walk, certificates: string): Promise<void> {
  const caddy = ['--profile', 'tls', 'up', '-d', '--no-build', '--no-deps', 'caddy'];
  await stack.do(...caddy);
  const { headers } = await untilAnswered(new Visit(httpsPort));
  if (!String(headers['strict-transport-security']).includes('max-age')) throw new Error('Caddy sends no HSTS header');
  await stack
    .with({
      COLDROOM_CERTIFICATES: certificates,
      COLDROOM_TLS: '/certificates/chain.pem /certificates/key.pem',
    })
    .do(...caddy);
  const certificate = readFileSync(join(certificates, 'chain.pem'), 'utf8');
  const visit = new Visit(httpsPort, certificate);
  await untilAnswered(visit);
  const signedIn = await visit.signIn('dana', 'dana');
  const page = await visit.get('/coldroom/requests');
  if (signedIn.status !== 303 || !page.text.includes('Finished'))
    throw new Error(`no requests behind the sign-in: ${signedIn.status} ${page.status}`);
  const browser = new Visit(httpsPort, certificate);
  const claimed = await browser.get('/coldroom/requests', { 'x-forwarded-preferred-username': 'dana' });
  if (claimed.status !== 303) throw new Error(`a header of a browser signed someone in: ${claimed.status}`);
  say("the console answers through Caddy with TLS, with Caddy's own certificates and with the site's");
}

async function untilAnswered(visit: Visit): Promise<Page> {
  for (let tries = 0; ; tries += 1, await sleep(1000)) {
    const answer = await visit.get('/coldroom/sign-in').catch((error: Error) => error);
    if (!(answer instanceof Error) && answer.status === 200) return answer;
    if (tries > 30)
      throw new Error(
        `the console does not answer through Caddy: ${answer instanceof Error ? answer.message : answer.status}`,
      );
  }
}

/** Without its containers, OMERO's volume and the store are as they were. */
export async function takeDown({ stack, say }: Walk, sampleImage: string): Promise<void> {
  const paths = async (): Promise<string> =>
    ran('docker', [
      ...['run', '--rm', '--entrypoint', 'sh'],
      ...['-v', 'coldroom-test_omero:/OMERO:ro', '-v', `${stack.project}_store:/archive:ro`, sampleImage, '-c'],
      'cd /OMERO && find . -path ./.coldroom -prune -o \\( -type f -o -type l \\) -exec sha256sum -- {} + 2>/dev/null | sort | sha256sum',
    ]);
  const before = await paths();
  await stack.down('--timeout', '30');
  if ((await run('docker', ['volume', 'inspect', 'coldroom-test_omero'])).code !== 0)
    throw new Error("OMERO's volume is gone");
  if ((await paths()) !== before) throw new Error("OMERO's volume has changed while all was brought down");
  say("all is down, and OMERO's volume is whole");
}

export async function prove({ stack, say }: Pick<Walk, 'stack' | 'say'>, when: string): Promise<void> {
  const line = (await stack.do('run', '--rm', '--no-deps', '-T', 'omero-sample', 'prove')).trim().split('\n').at(-1);
  const { paths, links, bags } = JSON.parse(line ?? '') as Record<string, number>;
  say(`${paths} paths read the bytes they had, ${links} of them links, ${bags} bags are whole ${when}`);
}

/** Until approved requests have bags. */
export async function packed(stack: Stack): Promise<void> {
  for (let tries = 0; (await unfinishedBags(stack)) === 0; tries += 1, await sleep(1000))
    if (tries > 60) throw new Error('no bag was packed');
}

/** As the register has it, whatever a service or command says. */
async function unfinishedBags(stack: Stack): Promise<number> {
  return Number(await stack.query("SELECT count(*) FROM coldroom.bag WHERE state NOT IN ('linked', 'done')"));
}

export async function finished(stack: Stack): Promise<void> {
  await command(stack, 'watch', '--until-done');
}

export async function command(stack: Stack, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await stack.coldroom(...words);
  if (code !== 0) throw new Error(`coldroom ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}
