import { serviceModule, type ServiceSettings } from '@coldroom/pipeline';
import type { DynamicModule } from '@nestjs/common';
import { HashOriginals } from './hash.stage';
import { VerifyCopies } from './verify.stage';
import { ProveFetched } from './prove.stage';

export function checksumModule(settings: ServiceSettings): DynamicModule {
  return serviceModule('checksum', settings, { stages: [HashOriginals, VerifyCopies, ProveFetched] });
}
