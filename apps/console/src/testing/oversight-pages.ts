import { Client } from 'pg';
import { createToken } from '@coldroom/operations';
import type { RunningConsole } from './running-console';
import { brought, sampleRequest } from './sample-requests';
import { sampleOmeroUsage } from './sample-usage';

/** Pages for those who look after the whole facility, by what is on them. */
export async function pagesOfOversight({
  register,
  settings,
}: Pick<RunningConsole, 'register' | 'settings'>): Promise<Readonly<Record<string, string>>> {
  await createToken(register, { name: 'grafana', role: 'auditor', days: 365, by: 'root' });
  await createToken(register, { name: 'old-script', role: 'manager', days: 30, by: 'root' });
  await register.tokens.revoke('old-script', 'root');
  const old = await sampleRequest(register, {
    owner: 'alice',
    group: 'biology',
    filesets: [{ name: '2020-05/light_sheet.czi', marked: 3, files: 4, fileSize: 160n << 30n }],
  });
  await brought(register, old, () => 'released');
  await register.usage.omero.mirror(sampleOmeroUsage, 0);
  await register.usage.recordDay();
  await addDays(settings.registerUrl);
  return {
    people: 'people',
    'no people': 'people?text=nowhere',
    usage: 'usage',
    'usage of a group': 'usage?group=3',
    'no usage': 'usage?group=77',
  };
}

/** As if it had grown to what it is today for 200 days. */
async function addDays(registerUrl: string): Promise<void> {
  const client = new Client({ connectionString: registerUrl });
  await client.connect();
  try {
    await client.query(
      `INSERT INTO coldroom.usage_day SELECT day - ago, group_id, group_name, held_files * (200 - ago) / 200, held_bytes * (200 - ago) / 200,
         CASE WHEN ago < 100 THEN freed_files * (100 - ago) / 100 ELSE 0 END, CASE WHEN ago < 100 THEN freed_bytes * (100 - ago) / 100 ELSE 0 END, omero_bytes
       FROM coldroom.usage_day CROSS JOIN generate_series(1, 200) AS ago`,
    );
  } finally {
    await client.end();
  }
}
