/** Columns that we use of one of OMERO's tables, space-separated, by the kind of use. */
export interface Need {
  readonly table: string;
  readonly select?: string;
  readonly insert?: string;
  readonly update?: string;
  readonly delete?: true;
}

/** What we use of OMERO's schema. docs/omero-grants.sql grants exactly this; a test compares them. */
export const needs: readonly Need[] = [
  { table: 'dbpatch', select: 'id currentversion currentpatch finished' },
  { table: 'configuration', select: 'name value' },
  { table: '_roles', select: 'root_user_id system_group_id user_group_id' },
  { table: 'experimenter', select: 'id omename' },
  { table: 'experimenter_config', select: 'experimenter_id name value' },
  { table: 'experimentergroup', select: 'id name permissions' },
  { table: 'groupexperimentermap', select: 'parent child owner' },
  { table: 'eventtype', select: 'id value' },
  { table: 'checksumalgorithm', select: 'id value' },
  { table: 'format', select: 'id value' },
  { table: 'originalfile', select: 'id path name repo size hash hasher mimetype' },
  { table: 'dataset', select: 'id name' },
  { table: 'datasetimagelink', select: 'parent child' },
  { table: 'project', select: 'id name' },
  { table: 'projectdatasetlink', select: 'parent child' },
  { table: 'plate', select: 'id name' },
  { table: 'well', select: 'id plate' },
  { table: 'wellsample', select: 'well image' },
  { table: 'screen', select: 'id name' },
  { table: 'screenplatelink', select: 'parent child' },
  { table: 'filesetentry', select: 'fileset originalfile' },
  { table: 'filesetannotationlink', select: 'parent child' },
  { table: 'pixels', select: 'id image name' },
  { table: 'pixelsoriginalfilemap', select: 'parent child' },
  {
    table: 'image',
    select: 'id name fileset format archived version owner_id group_id',
    update: 'archived version update_id',
  },
  {
    table: 'annotation',
    delete: true,
    select: 'id discriminator ns name description textvalue owner_id',
    insert: 'id discriminator ns name description permissions version creation_id update_id owner_id group_id',
  },
  {
    table: 'annotation_mapvalue',
    select: 'annotation_id name value',
    insert: 'annotation_id name value index',
    delete: true,
  },
  {
    table: 'imageannotationlink',
    delete: true,
    select: 'id parent child owner_id',
    insert: 'id parent child permissions version creation_id update_id owner_id group_id',
  },
  { table: 'event', select: 'id', insert: 'id permissions status time experimenter experimentergroup session type' },
  { table: 'eventlog', insert: 'id permissions action entitytype entityid event' },
  // Used by OMERO's own triggers and functions, which run with our rights.
  { table: '_lock_ids', select: 'id name' },
  { table: '_reindexing_required', select: 'event_id entity_type entity_id', insert: 'event_id entity_type entity_id' },
  { table: 'namespace', select: 'name', insert: 'id name permissions' },
];

export const neededSequences = [
  'seq_event',
  'seq_eventlog',
  'seq_annotation',
  'seq_imageannotationlink',
  'seq_namespace',
] as const;

export const neededFunctions = [
  'ome_nextval(character varying)',
  'ome_nextval(character varying, integer)',
  '_prepare_session(bigint, bigint, bigint)',
] as const;
