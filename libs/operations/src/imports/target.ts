import { projectTarget, Refused } from '@coldroom/domain';

/** `Dataset:5`, `Screen:id:3`, `Dataset:name:X`, and with `+`, `-` or `%` before `name`. */
const form = /^(Dataset|Screen):(?:(?:id:)?([1-9]\d{0,17})|[-+%]?name:(.+))$/su;
const longestName = 255;

/**
 * A target as OMERO's importer takes it, or a dataset of a project, checked for its form only: whether it exists in the
 * person's group is found out by the import. `Refused` `IMPORT_TARGET_INVALID`.
 */
export function importTarget(text: string): string {
  const within = projectTarget(text);
  const [, , id, name] = form.exec(text) ?? [];
  const names = within ? [within.dataset, within.project].filter((each) => typeof each === 'string') : [name];
  if (id !== undefined) return text;
  for (const each of names) {
    if (each === undefined) throw invalid(text, reasonFor(text));
    if (/\p{Cc}/u.test(each)) throw invalid(text, 'the name contains a control character');
    if (each.trim() === '') throw invalid(text, 'the name is empty');
    if ([...each].length > longestName) throw invalid(text, `the name has more than ${longestName} characters`);
  }
  return text;
}

function reasonFor(text: string): string {
  if (text.startsWith('Project:'))
    return 'OMERO imports into datasets and screens only; Project:5/Dataset:name:NAME is a dataset of a project';
  if (/^(Dataset|Screen):@name:/.test(text)) return 'each attempt would make another one of this name';
  return 'it is none of Dataset:5, Screen:3, Dataset:name:NAME';
}

function invalid(text: string, why: string): Refused {
  return new Refused(
    'IMPORT_TARGET_INVALID',
    `The target ${JSON.stringify(text)} cannot be used: ${why}. Use Dataset:ID, Screen:ID, Dataset:name:NAME or Screen:name:NAME.`,
  );
}
