/** A fileset that `omero import --output yaml` printed. */
export interface FilesetHint {
  readonly filesetId: bigint;
  readonly imageIds: readonly bigint[];
}

/**
 * Reads the output of `--output yaml`, such as `- Fileset: 5` and `  Image: [12,13]`. What is cut or unknown is left out: it
 * is a hint for people and decides nothing.
 */
export function hintsOf(output: string): readonly FilesetHint[] {
  const whole = output.slice(0, output.lastIndexOf('\n') + 1);
  return whole.split(/^- Fileset: /m).flatMap((part) => {
    const id = /^\d+(?=\n)/.exec(part)?.[0];
    if (id === undefined) return [];
    const images = /^ {2}Image: \[([\d, ]+)\]$/m.exec(part)?.[1] ?? '';
    return [{ filesetId: BigInt(id), imageIds: images.split(/\D+/).filter(Boolean).map(BigInt) }];
  });
}
