import { z } from 'zod';
import { transferModes } from '@coldroom/domain';
import type { UploadOrder } from '@coldroom/operations';
import type { DeclaredFile } from '@coldroom/register';
import { writtenText } from '../requests/input';

const bytes = (most: number) =>
  z
    .base64()
    .min(1)
    .max(Math.ceil(most / 3) * 4)
    .transform((text) => Buffer.from(text, 'base64'));
const amount = z
  .string()
  .regex(/^[1-9]\d{0,17}$/)
  .transform(BigInt);
const hex = z.string().regex(/^[0-9a-f]{64}$/);

/** The most files of one set. */
const mostFiles = 10_000_000;

export const uploadBody = z.strictObject({
  set: hex,
  person: writtenText(200),
  group: writtenText(300).optional(),
  target: writtenText(1000),
  transfer: z.enum(transferModes).optional(),
  name: writtenText(255).optional(),
  description: writtenText(10_000).optional(),
  directory: bytes(255),
  files: z.int().min(1).max(mostFiles),
  bytes: amount,
});

export const filesBody = z.strictObject({
  files: z
    .array(
      z.strictObject({
        number: z.int().min(0).max(mostFiles),
        path: bytes(4096),
        size: amount,
        mtimeNs: z
          .string()
          .regex(/^-?\d{1,19}$/)
          .transform(BigInt)
          .refine((ns) => BigInt.asIntN(64, ns) === ns, { error: 'must have 64 bits' }),
        sha256: hex,
      }),
    )
    .min(1)
    .max(1000),
});

export const missingQuery = z.strictObject({
  after: z
    .string()
    .regex(/^(-1|\d{1,9})$/)
    .transform(Number)
    .default(-1),
});

export const setName = hex;
export const fileNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);

export function uploadOrderOf(body: z.output<typeof uploadBody>): UploadOrder {
  const { set, person, group, target, transfer, name, description, directory, files, bytes: all } = body;
  const options = { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) };
  return { setName: set, login: person, wish: { target, group, transfer, options }, directory, files, bytes: all };
}

export const declaredFilesOf = ({ files }: z.output<typeof filesBody>): readonly DeclaredFile[] => files;
