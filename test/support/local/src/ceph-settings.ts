import { join } from 'node:path';

export interface CephPlace {
  readonly home: string;
  readonly cluster: string;
  readonly monitorPort: number;
}

const sparseBytes = 64 * 1024 ** 3;

/**
 * A Ceph of one monitor and one disk, which is a sparse file: everything on loopback, one copy of each object, and no
 * waiting for other monitors to vote.
 */
export function cephSettings({ home, cluster, monitorPort }: CephPlace): string {
  const at = (name: string): string => join(home, name);
  return section({
    global: {
      fsid: cluster,
      'mon host': `v2:127.0.0.1:${monitorPort}`,
      'ms bind msgr1': false,
      'public addr': '127.0.0.1',
      'cluster addr': '127.0.0.1',
      keyring: at('keyring'),
      'auth allow insecure global id reclaim': false,
      'mon data': at('monitor'),
      'osd data': at('disk'),
      'log file': at('$name.log'),
      'crash dir': home,
      'run dir': home,
      'admin socket': '',
      'osd pool default size': 1,
      'osd pool default min size': 1,
      'osd pool default pg num': 1,
      'osd pool default pgp num': 1,
      'osd pool default pg autoscale mode': 'off',
      'osd crush chooseleaf type': 0,
      'mon allow pool size one': true,
      // It shares this machine's disk: how full that is must not stop it.
      'mon data avail warn': 1,
      'mon data avail crit': 0,
      'mon osd nearfull ratio': 0.98,
      'mon osd backfillfull ratio': 0.985,
      'mon osd full ratio': 0.99,
      'osd failsafe full ratio': 0.995,
      'paxos propose interval': 0.02,
      'paxos min wait': 0.01,
      'osd objectstore': 'bluestore',
      'bluestore block size': sparseBytes,
      'bluestore fsck on mount': false,
      'bluestore cache autotune': false,
      'bluestore cache size': 64 * 1024 ** 2,
      'osd op num shards': 2,
    },
    'client.rgw.s3': { 'rgw thread pool size': 64, 'rgw bucket quota ttl': 0, 'rgw enable usage log': false },
  });
}

function section(sections: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>): string {
  return Object.entries(sections)
    .map(
      ([name, values]) =>
        `[${name}]\n${Object.entries(values)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join('')}`,
    )
    .join('');
}
