/** What `omero` and its Java may take of the machine. */
export interface OmeroLimits {
  /** Added to the nice value of the importer: 0 to 19. */
  readonly nice: number;
  /** Order in which the disk serves it, where the scheduler of the disk knows classes. */
  readonly io: keyof typeof ioWords;
  /** The heap of Java at most. */
  readonly javaMegabytes: number;
}

const ioWords = {
  normal: [],
  low: ['ionice', '-c', '2', '-n', '7'],
  idle: ['ionice', '-c', '3'],
} as const;

/** Words before those of the command. Its Java inherits both values. */
export function limitedBy(limits: OmeroLimits | undefined): readonly string[] {
  if (!limits) return [];
  return [...(limits.nice === 0 ? [] : ['nice', '-n', String(limits.nice)]), ...ioWords[limits.io]];
}

/** omero-py gives Java its own `-Xmx` before these words; Java takes the last one. */
export const javaOptions = ({ javaMegabytes }: OmeroLimits): string => `-Xmx${javaMegabytes}M`;
