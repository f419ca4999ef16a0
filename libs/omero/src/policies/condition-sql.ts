import type { AgeCondition, AmountCondition, Condition, KeyValueCondition, NameCondition } from './conditions';

/** Adds a value to a statement and gives its place: `$3`. */
export type Parameter = (value: unknown) => string;

/**
 * A condition in SQL: whether `image i` meets it (null where OMERO does not record it), and what it was compared with. The
 * statement has the events of the image's import `c` and last change `u`, its fileset's size `s` and its group's use `g`.
 */
export interface ConditionSql {
  readonly met: string;
  readonly found: string;
}

const dayMs = 86_400_000;

/** `now` is a moment of UTC, as OMERO's timestamps are in its container. */
export function conditionSql(condition: Condition, now: Date, parameter: Parameter): ConditionSql {
  switch (condition.kind) {
    case 'acquired':
    case 'imported':
    case 'changed':
      return age(condition, now, parameter);
    case 'imageSize':
    case 'filesetSize':
    case 'groupUses':
    case 'serverUses':
      return amount(condition, parameter);
    case 'keyValue':
      return keyValue(condition, parameter);
    default:
      return name(condition, parameter);
  }
}

const times = { acquired: 'i.acquisitiondate', imported: 'c.time', changed: 'u.time' } as const;

function age({ kind, olderThanDays }: AgeCondition, now: Date, parameter: Parameter): ConditionSql {
  const before = new Date(now.getTime() - olderThanDays * dayMs).toISOString().slice(0, -1);
  const time = times[kind];
  return { met: `${time} < ${parameter(before)}::timestamp`, found: `to_char(${time}, 'YYYY-MM-DD')` };
}

/** Of the planes, as they are in memory: files may be compressed. */
export const imageBytes = `(SELECT sum(p.sizex::numeric * p.sizey * p.sizez * p.sizec * p.sizet * CASE t.value
    WHEN 'bit' THEN 0.125 WHEN 'int8' THEN 1 WHEN 'uint8' THEN 1 WHEN 'int16' THEN 2 WHEN 'uint16' THEN 2
    WHEN 'double' THEN 8 WHEN 'complex' THEN 8 WHEN 'double-complex' THEN 16 ELSE 4 END)::bigint
  FROM pixels p JOIN pixelstype t ON t.id = p.pixelstype WHERE p.image = i.id)`;

const amounts = {
  imageSize: imageBytes,
  filesetSize: 's.bytes',
  groupUses: 'g.bytes',
  serverUses: 'g.of_all',
} as const;

function amount({ kind, atLeast, atMost }: AmountCondition, parameter: Parameter): ConditionSql {
  const bytes = amounts[kind];
  const compared = [
    ...(atLeast === undefined ? [] : [`${bytes} >= ${parameter(atLeast)}::bigint`]),
    ...(atMost === undefined ? [] : [`${bytes} <= ${parameter(atMost)}::bigint`]),
  ];
  return { met: `(${compared.join(' AND ')})`, found: `${bytes}::text` };
}

const dataset = 'SELECT l.child AS image, d.id, d.name FROM datasetimagelink l JOIN dataset d ON d.id = l.parent';
const project =
  'SELECT l.child AS image, d.id, d.name FROM projectdatasetlink p JOIN project d ON d.id = p.parent JOIN datasetimagelink l ON l.parent = p.child';
const screen =
  'SELECT w.image, d.id, d.name FROM screenplatelink l JOIN screen d ON d.id = l.parent JOIN well ON well.plate = l.child JOIN wellsample w ON w.well = well.id';
const tag =
  "SELECT l.parent AS image, a.id, a.textvalue AS name FROM annotation a JOIN imageannotationlink l ON l.child = a.id WHERE a.discriminator = '/basic/text/tag/'";

const named = {
  group: 'SELECT i.id AS image, g.id, g.name FROM image i JOIN experimentergroup g ON g.id = i.group_id',
  owner: 'SELECT i.id AS image, e.id, e.omename AS name FROM image i JOIN experimenter e ON e.id = i.owner_id',
  project,
  dataset,
  screen,
  tag,
  format: 'SELECT i.id AS image, f.id, f.value AS name FROM image i JOIN format f ON f.id = i.format',
  pixels:
    "SELECT p.image, p.id, CASE WHEN p.sha1 = 'Pending...' THEN 'pending' ELSE 'computed' END AS name FROM pixels p",
} as const;

/** The set is computed once for a statement. `Dataset:7` names one by its number, whatever it is called. */
function name({ kind, anyOf }: NameCondition, parameter: Parameter): ConditionSql {
  const prefix = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`;
  const given = `${parameter(anyOf)}::text[]`;
  return {
    met: `i.id IN (SELECT n.image FROM (${named[kind]}) n WHERE n.name = ANY(${given}) OR '${prefix}:' || n.id = ANY(${given}))`,
    found: `(SELECT string_agg(DISTINCT n.name, ', ' ORDER BY n.name) FROM (${named[kind]}) n WHERE n.image = i.id)`,
  };
}

const pairs = `SELECT l.parent AS image, v.name, v.value FROM annotation a JOIN annotation_mapvalue v ON v.annotation_id = a.id
  JOIN imageannotationlink l ON l.child = a.id WHERE a.discriminator = '/map/'`;

function keyValue({ key, value }: KeyValueCondition, parameter: Parameter): ConditionSql {
  const wanted = `${parameter(key)}::text`;
  const same = value === undefined ? '' : ` AND n.value = ${parameter(value)}::text`;
  return {
    met: `i.id IN (SELECT n.image FROM (${pairs}) n WHERE n.name = ${wanted}${same})`,
    found: `(SELECT string_agg(DISTINCT n.value, ', ' ORDER BY n.value) FROM (${pairs}) n WHERE n.image = i.id AND n.name = ${wanted})`,
  };
}
