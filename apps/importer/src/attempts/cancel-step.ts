import type { ImportOrder, ImportStep } from '@coldroom/register';

/** The end of an order that a person cancelled, with the filesets that OMERO keeps of it. */
export function cancelStep({ cancelBy }: Pick<ImportOrder, 'cancelBy'>, kept: readonly bigint[]): ImportStep {
  const by = `cancelled by ${cancelBy}`;
  const names = kept.slice(0, 20).map((id) => `Fileset:${id}`);
  const reason =
    names.length === 0
      ? by
      : `${by}; OMERO has and keeps ${names.join(', ')}. Another order for these files needs --again: delete the filesets before, or OMERO has them twice`;
  return { event: 'cancel', to: 'cancelled', code: 'CANCELLED', reason };
}
