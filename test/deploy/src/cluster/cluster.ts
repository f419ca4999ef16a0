import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ran, run, type Ran } from '../run';

export interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly startTime?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime: string;
    }[];
    readonly containerStatuses?: readonly {
      readonly state: { readonly terminated?: { readonly finishedAt: string; readonly exitCode: number } };
    }[];
  };
}

/** A namespace of the cluster that KUBECONFIG names. */
export class Cluster {
  constructor(readonly namespace: string) {}

  async kubectl(...words: readonly string[]): Promise<string> {
    return ran('kubectl', ['-n', this.namespace, ...words]);
  }

  async try(...words: readonly string[]): Promise<Ran> {
    return run('kubectl', ['-n', this.namespace, ...words]);
  }

  async get<T>(...words: readonly string[]): Promise<readonly T[]> {
    const { items } = JSON.parse(await this.kubectl('get', ...words, '-o', 'json')) as { items: readonly T[] };
    return items;
  }

  async apply(yaml: string): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'coldroom-cluster-'));
    try {
      writeFileSync(join(directory, 'all.yaml'), yaml);
      await this.kubectl('apply', '-f', join(directory, 'all.yaml'));
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  /** Of a component: a Deployment's, or a Job's. */
  async pods(component: string): Promise<readonly Pod[]> {
    return this.get<Pod>('pods', '-l', `app.kubernetes.io/component=${component}`);
  }

  async running(component: string): Promise<readonly Pod[]> {
    const pods = await this.pods(component);
    return pods.filter(({ metadata, status }) => status.phase === 'Running' && !metadata.deletionTimestamp);
  }

  async rolledOut(kinds: readonly string[], limit = '300s'): Promise<void> {
    for (const each of kinds) await this.kubectl('rollout', 'status', each, `--timeout=${limit}`);
  }

  async scale(deployment: string, replicas: number): Promise<void> {
    await this.kubectl('scale', `deployment/${deployment}`, `--replicas=${replicas}`);
    if (replicas > 0) return this.rolledOut([`deployment/${deployment}`]);
    await until(`no pod of ${deployment}`, async () => (await this.pods(deployment)).length === 0);
  }

  /** A command of Coldroom, in the pod for commands. */
  async coldroom(...words: readonly string[]): Promise<string> {
    // Not by the name of the Deployment, which may stand for a pod on a machine that was lost.
    const [pod] = await this.running('cli');
    if (!pod) throw new Error('no pod for commands is running');
    const { code, stdout, stderr } = await this.try('exec', pod.metadata.name, '--', 'coldroom', ...words);
    if (code !== 0) throw new Error(`coldroom ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Asks the register itself, whatever a service or command says. One row a line, its columns separated by "|". */
  async register(query: string): Promise<readonly string[]> {
    const psql = ['psql', '-U', 'coldroom', '-d', 'coldroom', '-Atc', `SET search_path TO coldroom; ${query}`];
    const answer = await this.kubectl('exec', 'statefulset/register', '--', ...psql);
    return answer.split('\n').filter((line) => line !== '' && line !== 'SET');
  }
}

/** Looks each second until it is so; an error if it is not so in time. */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 180_000): Promise<void> {
  for (const begun = Date.now(); ; await sleep(1000)) {
    if (await holds()) return;
    if (Date.now() - begun > limitMs) throw new Error(`not so within ${limitMs / 1000} s: ${what}`);
  }
}
