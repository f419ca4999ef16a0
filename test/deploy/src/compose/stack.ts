import { setTimeout as sleep } from 'node:timers/promises';
import { ran, run, type Ran } from '../run';

const files = ['docker-compose.yml', 'deploy/omero-sample.yml'];
const fileWords = files.flatMap((file) => ['-f', file]);

/** The compose project of the test, with the sample OMERO; apart from any other on this machine. */
export class Stack {
  private constructor(
    private readonly compose: readonly string[],
    readonly project: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** @param env settings for docker-compose.yml */
  static async find(project: string, env: Readonly<Record<string, string>>): Promise<Stack> {
    const isPlugin = (await run('docker', ['compose', 'version'])).code === 0;
    const compose = isPlugin ? ['docker', 'compose'] : ['docker-compose'];
    if (!isPlugin && (await run('docker-compose', ['version'])).code !== 0)
      throw new Error('Neither "docker compose" nor "docker-compose" is there: install one of them.');
    return new Stack(compose, project, { COMPOSE_PROJECT_NAME: project, ...env });
  }

  /** The same stack with other settings. */
  with(env: Readonly<Record<string, string>>): Stack {
    return new Stack(this.compose, this.project, { ...this.env, ...env });
  }

  async do(...words: readonly string[]): Promise<string> {
    const [program = '', ...first] = this.compose;
    return ran(program, [...first, ...fileWords, ...words], this.env);
  }

  async up(...words: readonly string[]): Promise<void> {
    await this.do('up', '-d', '--no-build', ...words);
  }

  /** A command of a page, as `docker compose ...`, in the repository. A failure is an error with what was said. */
  async shell(script: string): Promise<string> {
    const ours = script.replaceAll('docker compose', this.compose.join(' ')).replaceAll('run --rm', 'run --rm -T');
    return ran('sh', ['-c', ours], { ...this.env, COMPOSE_FILE: files.join(':') });
  }

  /** A command of Coldroom. */
  async coldroom(...words: readonly string[]): Promise<Ran> {
    const [program = '', ...first] = this.compose;
    const inside = ['run', '--rm', '--no-deps', '-T', 'cli', ...words];
    return run(program, [...first, ...fileWords, ...inside], this.env);
  }

  async containersOf(service: string): Promise<readonly string[]> {
    const label = (name: string, value: string): string[] => ['--filter', `label=com.docker.compose.${name}=${value}`];
    const ids = await ran('docker', ['ps', '-q', ...label('project', this.project), ...label('service', service)]);
    return ids.split('\n').filter((id) => id !== '');
  }

  /** What the register answers, one line for each row. */
  async query(sql: string): Promise<string> {
    const [register = ''] = await this.containersOf('register');
    return (await ran('docker', ['exec', register, 'psql', '-U', 'coldroom', '-d', 'coldroom', '-Atc', sql])).trim();
  }

  /** Until each running container of these services is healthy. */
  async untilHealthy(services: readonly string[], limitMs = 120_000): Promise<void> {
    const healthy = async (service: string): Promise<boolean> => {
      const ids = await this.containersOf(service);
      const states = await Promise.all(
        ids.map((id) => run('docker', ['inspect', '--format', '{{.State.Health.Status}}', id])),
      );
      return ids.length > 0 && states.every(({ stdout }) => stdout.trim() === 'healthy');
    };
    for (const begun = Date.now(); ; await sleep(1000)) {
      const waiting = [];
      for (const service of services) if (!(await healthy(service))) waiting.push(service);
      if (waiting.length === 0) return;
      if (Date.now() - begun > limitMs)
        throw new Error(`not healthy within ${limitMs / 1000} s: ${waiting.join(', ')}`);
    }
  }

  async logs(...of: readonly string[]): Promise<string> {
    return this.do('logs', '--tail', '30', ...of).catch((error: Error) => error.message);
  }

  /** Removes everything, with all volumes. */
  async remove(): Promise<void> {
    await this.down('--volumes', '--timeout', '5');
  }

  async down(...words: readonly string[]): Promise<void> {
    const profiles = ['tls', 'monitoring', 'backup'].flatMap((profile) => ['--profile', profile]);
    await this.do(...profiles, 'down', ...words);
  }
}
