import { messageOf, Refused, transferModes } from '@coldroom/domain';
import { openDirectory, readSmallFile, type Root } from '@coldroom/files';
import { parse } from 'yaml';
import { z } from 'zod';

const limit = 65_536;
export const manifestLimit = BigInt(limit);
export const manifestName = Buffer.from('import.yml');

const manifest = z.strictObject({
  target: z.string(),
  /** An OMERO login; the person whose directory it is, where it is left out. */
  user: z.string().optional(),
  group: z.string().optional(),
  transfer: z.enum(transferModes).optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  /** Key-value pairs that the images get. */
  annotate: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
});
export type Manifest = z.output<typeof manifest>;

/** What the manifest of a set says. `Refused` `IMPORT_MANIFEST_INVALID`. */
export async function readManifest(root: Root, set: Buffer): Promise<Manifest> {
  let read: unknown;
  const directory = await openDirectory(root, set);
  try {
    read = parse((await readSmallFile(directory, manifestName, limit)).toString('utf8'));
  } catch (error) {
    throw invalid([messageOf(error)], error);
  } finally {
    await directory.close();
  }
  const parsed = manifest.safeParse(read);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`));
}

function invalid(faults: readonly string[], cause?: unknown): Refused {
  return new Refused(
    'IMPORT_MANIFEST_INVALID',
    `The manifest import.yml cannot be used: ${faults.join('; ')}. Correct it.`,
    { faults },
    { cause },
  );
}
