import { Refused } from '@coldroom/domain';
import type { BagDescription } from './bag-description';
import type { NameForm } from './manifest';

export type Information = NonNullable<BagDescription['information']>;

/** In bag-info.txt: the rules by which manifests write names. Earlier bags, by the rules of sha256sum, do not have it. */
export const nameFormLabel = 'Coldroom-Manifest-Names';
/** In bag-info.txt: the store percent-encodes names of the payload, and manifests list the names that it has. */
export const payloadNamesLabel = 'Coldroom-Payload-Names';
export const percentEncoded = 'percent-encoded';

export function informationLines(lines: Information): Buffer {
  return Buffer.from(lines.map(([label, value]) => `${label}: ${value.replace(/\s+/g, ' ')}\n`).join(''));
}

/** Labels and values; a line that starts with white space continues the value above it. */
export function parseInformation(content: Buffer): Information {
  const entries: [string, string][] = [];
  for (const line of content.toString('utf8').split('\n')) {
    const [, label, value = ''] = /^([^:\s][^:]*):[ \t]*(.*)$/.exec(line) ?? [];
    if (label !== undefined) entries.push([label, value]);
    else if (/^\s+\S/.test(line) && entries.length > 0) entries.at(-1)![1] += ` ${line.trim()}`;
    else if (line.trim() !== '')
      throw new Refused('TAG_NOT_UNDERSTOOD', `bag-info.txt: "${line.slice(0, 80)}" is not a label with a value.`);
  }
  return entries;
}

/** The value of a label in bag-info.txt; labels are compared without case (RFC 8493, 2.2.2). */
export function informationOf(information: Information, label: string): string | undefined {
  return information.find(([each]) => each.toLowerCase() === label.toLowerCase())?.[1];
}

/** By which rules the manifests of a bag write names. `Refused` `TAG_NOT_UNDERSTOOD` for rules of a later version. */
export function nameFormOf(information: Information): NameForm {
  const form = informationOf(information, nameFormLabel);
  if (form === undefined) return 'sha256sum';
  if (form === 'RFC 8493') return form;
  throw newer(nameFormLabel, form);
}

/** Whether the names in manifests are percent-encoded names of a store. */
export function hasStoredNames(information: Information): boolean {
  const names = informationOf(information, payloadNamesLabel);
  if (names !== undefined && names !== percentEncoded) throw newer(payloadNamesLabel, names);
  return names !== undefined;
}

function newer(label: string, value: string): Refused {
  return new Refused(
    'TAG_NOT_UNDERSTOOD',
    `bag-info.txt: ${label} "${value.slice(0, 80)}" is unknown to this version of Coldroom.`,
  );
}
