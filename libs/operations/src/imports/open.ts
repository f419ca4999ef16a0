import { Imports } from '@coldroom/buffers';
import type { Register } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import type { Surroundings } from '../surroundings';

/** The buffers as configured. `SettingsError`; `Refused` `IMPORTS_INVALID`. */
export async function openImports(around: Pick<Surroundings, 'settings'>): Promise<Imports> {
  const { COLDROOM_IMPORTS: path, OMERO_DATA_DIR: dataDir } = around.settings('imports', 'originals');
  return Imports.read(path, dataDir);
}

/** Whoever runs a command where Coldroom is installed may do everything: they have the passwords of the databases. */
export function operator(register: Register, by: string): Reviewer {
  return {
    register,
    actor: { name: by, personId: null, roles: ['manager', 'administrator'], leads: [] },
    policy: { leadersDecide: false, fourEyes: false },
  };
}
