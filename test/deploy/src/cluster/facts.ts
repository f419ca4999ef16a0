import type { Cluster } from './cluster';

/** What a stage does to a file: the states before and after it. */
export interface Step {
  readonly from: string;
  readonly to: string;
}
export const copies: Step = { from: 'hashed', to: 'copied' };

export async function unfinishedBags(cluster: Cluster): Promise<number> {
  const [count] = await cluster.register("SELECT count(*) FROM bag WHERE state NOT IN ('linked', 'recalled', 'done')");
  return Number(count);
}

export async function lastEvent(cluster: Cluster): Promise<number> {
  const [id] = await cluster.register('SELECT coalesce(max(id), 0) FROM event');
  return Number(id);
}

/** What happened since an event, with what one worker did to one bag in a row: `file_id` is set where a file failed. */
const since = (event: number, { from, to }: Step): string =>
  `FROM event e JOIN bag b ON b.id = e.bag_id
   WHERE e.id > ${event} AND e.from_state = '${from}' AND e.to_state = '${to}' AND e.file_id IS NULL`;

/** Bags with more files done than they have: the register records what a stage did in the transaction that counts. */
export async function bagsDoneTwice(cluster: Cluster, step: Step, event: number): Promise<number> {
  const [count] = await cluster.register(
    `SELECT count(*) FROM (SELECT b.id ${since(event, step)}
     GROUP BY b.id HAVING sum((e.detail->>'files')::int) > b.files) AS twice`,
  );
  return Number(count);
}

export interface Worker {
  /** The pod. */
  readonly name: string;
  readonly bags: number;
  /** Milliseconds that it worked on a bag, on average. */
  readonly msABag: number;
  readonly firstBagAt: number;
}

/** Who did this since an event. */
export async function workers(cluster: Cluster, step: Step, event: number): Promise<readonly Worker[]> {
  const rows = await cluster.register(
    `SELECT split_part(split_part(e.actor, '@', 2), '/', 1), count(*), round(avg((e.detail->>'ms')::numeric)),
       extract(epoch FROM min(e.at) - make_interval(secs => min((e.detail->>'ms')::numeric) / 1000)) * 1000
     ${since(event, step)} GROUP BY 1 ORDER BY 1`,
  );
  return rows.map((row) => {
    const [name = '', bags, ms, first] = row.split('|');
    return { name, bags: Number(bags), msABag: Number(ms), firstBagAt: Number(first) };
  });
}
