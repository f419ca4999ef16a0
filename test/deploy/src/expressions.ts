import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './run';

export interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly w: number };
    readonly targets: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
  }[];
}

/** Every expression of every panel of the dashboards. */
export function expressions(): readonly { readonly panel: string; readonly expr: string }[] {
  const directory = join(repository, 'deploy', 'monitoring', 'dashboards');
  return readdirSync(directory).flatMap((file) => {
    const { panels } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Dashboard;
    return panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ panel: `${file}: ${title}`, expr })));
  });
}
