import { Refused } from '@coldroom/domain';
import type { Register } from '@coldroom/register';

/** `Refused` `REGISTER_IN_USE` while services work with the register: they would act on what is about to change. */
export async function refuseWhileServicesWork(services: Register['services']): Promise<void> {
  const working = await services.working();
  if (working.length === 0) return;
  throw new Refused(
    'REGISTER_IN_USE',
    `Services work with this register (${working.join(', ')}); end them on all machines, wait two minutes, and run the command again`,
  );
}
