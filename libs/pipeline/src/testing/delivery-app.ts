import { NestFactory } from '@nestjs/core';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { delivery, type DeliverySettings } from '../delivery';
import type { Stage } from '../stage';

@Module({})
class Shared {}

@Module({})
class Stages {}

/** A service with only its stages and the delivery of bags. It takes nothing until its `Workers` are started. */
export async function deliveryApp(
  { stages, register, log }: { readonly stages: readonly Stage[]; readonly register: Register; readonly log: Log },
  settings: DeliverySettings,
): Promise<INestApplicationContext> {
  const tokens = stages.map((stage) => ({ provide: Symbol(stage.name), useValue: stage }));
  const { imports, providers } = delivery(
    tokens.map(({ provide }) => provide),
    settings,
  );
  const shared = [
    { provide: Log, useValue: log },
    { provide: Register, useValue: register },
  ];
  return NestFactory.createApplicationContext(
    {
      module: Stages,
      imports: [{ module: Shared, global: true, providers: shared, exports: [Log, Register] }, ...imports],
      providers: [...tokens, ...providers],
    },
    { logger: log, abortOnError: false },
  );
}
