import type { ReportColumn } from './table-report';

const text = (name: string, title: string): ReportColumn => ({ name, title, kind: 'text' });
const id = (name: string, title: string): ReportColumn => ({ name, title, kind: 'id', fileOnly: true });
const shownId = (name: string, title: string): ReportColumn => ({ name, title, kind: 'id' });
const count = (name: string, title: string): ReportColumn => ({ name, title, kind: 'count', sum: true });
const bytes = (name: string, title: string): ReportColumn => ({ name, title, kind: 'bytes', sum: true });
const time = (name: string, title: string): ReportColumn => ({ name, title, kind: 'time' });
const inFiles = (...columns: readonly ReportColumn[]): readonly ReportColumn[] =>
  columns.map((column) => ({ ...column, fileOnly: true }));
/** A fileset may be in several rows. */
const notAdded = (...columns: readonly ReportColumn[]): readonly ReportColumn[] =>
  columns.map(({ sum: _, ...column }) => column);

const group = [id('group_id', 'Group id'), text('group', 'Group')];
const owner = [
  id('owner_id', 'Owner id'),
  text('owner', 'Owner'),
  { ...text('full_name', 'Name'), fileOnly: true as const },
];
const money = [
  { name: 'cost', title: 'Cost per year', kind: 'money' } as const,
  { name: 'currency', title: 'Currency', kind: 'text' } as const,
];
const ofFilesets = [
  count('images', 'Images'),
  count('filesets', 'Filesets'),
  count('files', 'Files'),
  bytes('bytes', 'Bytes'),
  ...inFiles(count('archived_filesets', 'Filesets archived')),
  bytes('archived_bytes', 'Archived'),
];
const ofPerson = [
  ...inFiles(count('omero_images', 'Images'), count('omero_filesets', 'Filesets'), count('omero_files', 'Files')),
  bytes('omero_bytes', 'In OMERO'),
  ...inFiles(count('omero4_images', 'OMERO 4 images'), count('omero4_files', 'OMERO 4 files')),
  bytes('omero4_bytes', 'OMERO 4 data'),
  ...inFiles(count('archived_files', 'Files archived')),
  bytes('archived_bytes', 'Archived'),
  ...inFiles(count('held_files', 'Files held')),
  bytes('held_bytes', 'Held'),
  ...inFiles(count('freed_files', 'Files freed')),
  bytes('freed_bytes', 'Freed'),
  ...inFiles(
    count('waiting_files', 'Files waiting'),
    bytes('waiting_bytes', 'Waiting'),
    count('being_archived_files', 'Files being archived'),
    bytes('being_archived_bytes', 'Being archived'),
    count('retrieved_files', 'Files retrieved'),
  ),
  bytes('retrieved_bytes', 'Retrieved'),
  ...inFiles(
    count('back_files', 'Files in OMERO again'),
    bytes('back_bytes', 'In OMERO again'),
    count('stuck_files', 'Files stuck'),
    bytes('stuck_bytes', 'Stuck'),
  ),
  ...money,
];

/** A table of a report: its columns do not depend on what is in it. */
export const reportTables = {
  'usage by group': [...group, ...ofPerson],
  'usage by group since': [
    ...group,
    time('since', 'Since'),
    bytes('omero_bytes_change', 'In OMERO'),
    count('archived_files_change', 'Files archived'),
    bytes('archived_bytes_change', 'Archived'),
    bytes('freed_bytes_change', 'Freed'),
  ],
  'usage by user': [...group, ...owner, ...ofPerson],
  'usage by project': [
    shownId('project_id', 'Project id'),
    text('project', 'Project'),
    ...group,
    ...owner,
    ...notAdded(count('filesets', 'Filesets'), bytes('bytes', 'Bytes'), bytes('archived_bytes', 'Archived')),
  ],
  'usage by dataset': [
    shownId('dataset_id', 'Dataset id'),
    text('dataset', 'Dataset'),
    ...group,
    ...owner,
    ...notAdded(...ofFilesets),
  ],
  'usage by format': [text('format', 'Format'), ...group, ...owner, ...ofFilesets],
  archive: [text('part', 'Part'), ...group, ...owner, count('files', 'Files'), bytes('bytes', 'Bytes')],
  image: [
    shownId('image_id', 'Image'),
    text('name', 'Name'),
    text('owner', 'Owner'),
    text('group', 'Group'),
    text('parents', 'In'),
    text('fileset', 'Fileset'),
    text('format', 'Format'),
    text('acquired', 'Acquired'),
    text('pixels', 'Pixels'),
    text('omero_archived', 'Archived in OMERO'),
    text('path', 'File'),
    text('role', 'Role'),
    text('on_disk', 'On disk'),
    bytes('bytes', 'Bytes'),
    shownId('request_id', 'Request'),
    text('state', 'State'),
    text('sha256', 'SHA-256'),
    text('omero_hash', 'Hash in OMERO'),
    text('store', 'Store'),
    text('copy', 'Copy'),
  ],
  integrity: [
    text('code', 'Code'),
    text('object', 'Object'),
    count('count', 'Count'),
    text('name', 'Name'),
    text('group', 'Group'),
    text('owner', 'Owner'),
    shownId('request_id', 'Request'),
    text('fileset', 'Fileset'),
    count('files', 'Files'),
    bytes('bytes', 'Bytes'),
    time('since', 'Since'),
    text('acknowledged_by', 'Acknowledged by'),
    { ...text('next', 'Next'), fileOnly: true },
  ],
  size: [
    shownId('line', 'Line'),
    text('object', 'Object'),
    text('found', 'Found'),
    { ...count('files', 'Files') },
    ...notAdded(bytes('bytes', 'Bytes')),
    bytes('counted_bytes', 'Counted'),
  ],
  'candidates by age': [
    text('year', 'Imported'),
    count('filesets', 'Filesets'),
    bytes('bytes', 'Bytes'),
    ...(['below_1_gib', 'below_10_gib', 'below_100_gib', 'from_100_gib'] as const).flatMap((size, at) => {
      const title = ['Below 1 GiB', '1 to 10 GiB', '10 to 100 GiB', '100 GiB and more'][at] as string;
      return [...inFiles(count(`${size}_filesets`, `Filesets ${title}`)), bytes(`${size}_bytes`, title)];
    }),
  ],
  'candidates by fileset': [
    shownId('fileset_id', 'Fileset'),
    text('name', 'First image'),
    text('year', 'Imported'),
    ...group,
    ...owner,
    count('images', 'Images'),
    count('files', 'Files'),
    bytes('bytes', 'Bytes'),
  ],
  store: [...group, ...owner, count('files', 'Files'), bytes('bytes', 'Bytes'), ...money],
  expiry: [
    time('due', 'Due'),
    text('expiry', 'Expiry'),
    shownId('request_id', 'Request'),
    ...group,
    ...owner,
    count('images', 'Images'),
    ...notAdded(count('files', 'Files'), bytes('bytes', 'Bytes')),
    text('description', 'Description'),
    text('written_by', 'Written by'),
  ],
} as const satisfies Readonly<Record<string, readonly ReportColumn[]>>;

export type TableName = keyof typeof reportTables;
