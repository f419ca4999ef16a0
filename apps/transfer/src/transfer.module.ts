import { serviceModule, type ServiceSettings } from '@coldroom/pipeline';
import type { DynamicModule } from '@nestjs/common';
import { CopyFiles } from './copy.stage';
import { FetchCopies } from './fetch.stage';
import { CarryCopies } from './leave.stage';

/** With `drain` the service ends when nothing is left to copy: for a Kubernetes Job. */
export function transferModule(settings: ServiceSettings, drain: boolean): DynamicModule {
  return serviceModule('transfer', settings, {
    stages: [CopyFiles, FetchCopies, CarryCopies],
    writesStores: true,
    drain,
  });
}
