import type { PeerName } from './peers';

export interface Row {
  readonly case: string;
  readonly peer: PeerName;
  readonly ours_s: number;
  readonly peer_s: number;
  readonly ratio: number;
}

export function row(name: string, peer: PeerName, ours: number, time: number): Row {
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  return { case: name, peer, ours_s: rounded(ours), peer_s: rounded(time), ratio: rounded(time / ours) };
}

export function print(rows: readonly Row[]): void {
  console.log('\n| case | peer | coldroom | peer | ratio |\n| --- | --- | ---: | ---: | ---: |');
  for (const each of rows)
    console.log(
      `| ${each.case} | ${each.peer} | ${each.ours_s.toFixed(1)} s | ${each.peer_s.toFixed(1)} s | ${each.ratio.toFixed(2)} |`,
    );
}
