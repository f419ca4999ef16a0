import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { expressions } from '../expressions';
import { repository } from '../run';

interface Answer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: { readonly result: readonly unknown[] };
}

/** Panels without data in this walk: no mail service runs, no fixity check is due, nothing fails for a passing reason. */
const mayBeEmpty = [
  'operations.json: Files stuck',
  'operations.json: Stuck files, by code',
  'operations.json: Failed attempts an hour, by code',
  'operations.json: Mail in the outbox',
  'capacity.json: Next release',
  'capacity.json: Days since the oldest check of a copy',
  'capacity.json: Days until a store is full',
  'capacity.json: Bytes of copies that were checked a day',
];

/** Faults of the dashboards and alerts, by what a Prometheus that scrapes the running services answers. */
export async function faultsOfMonitoring(port: number): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { panel, expr } of expressions()) {
    const { status, error, data } = await ask(port, expr);
    if (status === 'error') faults.push(`${panel}: ${error}`);
    else if (data?.result.length === 0 && !mayBeEmpty.includes(panel)) faults.push(`${panel}: no data`);
  }
  const { groups } = parse(readFileSync(join(repository, 'deploy', 'monitoring', 'alerts.yml'), 'utf8')) as {
    groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
  };
  for (const { alert, expr } of groups.flatMap(({ rules }) => rules)) {
    const { status, error } = await ask(port, expr);
    if (status === 'error') faults.push(`${alert}: ${error}`);
  }
  const series = await ask(port, 'count({job="coldroom"})');
  const [, count] = (series.data?.result[0] as { value: [number, string] } | undefined)?.value ?? [0, 'none'];
  if (!(Number(count) < 10_000)) faults.push(`${count} series are scraped, not some thousands at most`);
  return faults;
}

/** Until Prometheus has scraped all these services. */
export async function untilScraped(port: number, services: readonly string[], limitMs = 120_000): Promise<void> {
  for (const begun = Date.now(); ; await sleep(2000)) {
    const answer = await ask(port, 'count by (service) (up{job="coldroom"} == 1)').catch(() => undefined);
    const seen = JSON.stringify(answer?.data?.result ?? []);
    const missing = services.filter((service) => !seen.includes(`"${service}"`));
    if (missing.length === 0) return;
    if (Date.now() - begun > limitMs) throw new Error(`Prometheus does not scrape ${missing.join(', ')}`);
  }
}

async function ask(port: number, expr: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query: expr })}`);
  return (await response.json()) as Answer;
}
