import { checkImportOptions } from './options';
import { importTarget } from './target';

it.each([
  'Dataset:5',
  'Dataset:id:5',
  'Screen:3',
  'Dataset:name:Day 1',
  'Dataset:+name:x',
  'Dataset:-name:x',
  'Screen:%name:a:b',
  'Dataset:name:Zürich – 1',
  'Project:5/Dataset:name:D',
  'Project:id:5/Dataset:name:a/b',
  'Project:name:P/Dataset:name:D',
])('takes %s as it is', (text) => expect(importTarget(text)).toBe(text));

it.each([
  '',
  '5',
  'Dataset',
  'Dataset:',
  'Dataset:0',
  'Dataset:-5',
  'Dataset:5 ',
  ' Dataset:5',
  'Dataset:05',
  'Dataset:1e3',
  'Dataset:12345678901234567890',
  'Dataset:name:',
  'Dataset:name:  ',
  'Dataset:name:a\nb',
  'Dataset:5\n',
  `Dataset:name:${'x'.repeat(256)}`,
  'Dataset:@name:x',
  'Dataset:$name:x',
  'Project:5',
  'Project:name:P',
  'Project:name:P/Dataset:5',
  'Project:name:P/Dataset:@name:D',
  'Project:0/Dataset:name:D',
  'Project:name: /Dataset:name:D',
  'Project:name:P/Dataset:name:a\nb',
  `Project:name:${'x'.repeat(256)}/Dataset:name:D`,
  'Image:5',
  'regex:(.*)',
  '--target=x',
])('refuses %j', (text) =>
  expect(() => importTarget(text)).toThrow(expect.objectContaining({ code: 'IMPORT_TARGET_INVALID' })),
);

it.each([
  { name: '' },
  { name: 'a\nb' },
  { name: 'x'.repeat(256) },
  { description: 'a\0' },
  { description: '\ud800' },
  { description: 'x'.repeat(10_001) },
  { annotations: [['', 'x'] as const] },
  { annotations: [['a\nb', 'x'] as const] },
  { annotations: [['a', 'x\0'] as const] },
  { annotations: [['a', 'x'.repeat(2001)] as const] },
  { annotations: Array.from({ length: 101 }, () => ['a', 'x'] as const) },
])('refuses a description that OMERO cannot have', (options) =>
  expect(() => checkImportOptions(options)).toThrow(expect.objectContaining({ code: 'IMPORT_OPTIONS_INVALID' })),
);

it('takes several lines as a description', () => {
  expect(() => checkImportOptions({ name: 'n', description: 'a\nb', annotations: [['a', 'b\nc']] })).not.toThrow();
});
