import type { Session } from './session';

/**
 * What must be archived together is found by sets, in temporary tables that end with the transaction.
 *
 * A *unit* shares files within itself: a fileset (its id), or an OMERO 4 image without one (minus its image id). Units
 * that hold the same original file belong together, however long the chain: a *component* is everything that can be
 * reached.
 */
const tables = [
  'CREATE TEMP TABLE coldroom_marked (image bigint PRIMARY KEY) ON COMMIT DROP',
  // label: the smallest unit of the component, once settled; round: the step of the search that found the unit.
  'CREATE TEMP TABLE coldroom_unit (unit bigint PRIMARY KEY, label bigint NOT NULL, round integer NOT NULL) ON COMMIT DROP',
  'CREATE TEMP TABLE coldroom_holding (unit bigint NOT NULL, original bigint NOT NULL, mapped boolean NOT NULL, round integer NOT NULL) ON COMMIT DROP',
  'CREATE TEMP TABLE coldroom_original (original bigint PRIMARY KEY, round integer NOT NULL) ON COMMIT DROP',
  'CREATE INDEX ON coldroom_unit (round)',
  'CREATE INDEX ON coldroom_holding (round)',
  'CREATE INDEX ON coldroom_original (round)',
];

/**
 * Files that the round's units hold: by fileset entry, or mapped to pixels as OMERO 4 did. Directories are not files.
 */
const holdings = `
  INSERT INTO coldroom_holding
  SELECT DISTINCT h.unit, h.original, h.mapped, $1::integer FROM (
    SELECT u.unit, e.originalfile AS original, false AS mapped
      FROM coldroom_unit u JOIN filesetentry e ON e.fileset = u.unit WHERE u.round = $1
    UNION ALL
    SELECT u.unit, m.parent, true
      FROM coldroom_unit u JOIN image i ON i.fileset = u.unit JOIN pixels p ON p.image = i.id JOIN pixelsoriginalfilemap m ON m.child = p.id
     WHERE u.round = $1
    UNION ALL
    SELECT u.unit, m.parent, true
      FROM coldroom_unit u JOIN pixels p ON p.image = -u.unit JOIN pixelsoriginalfilemap m ON m.child = p.id
     WHERE u.round = $1 AND u.unit < 0
  ) AS h JOIN originalfile o ON o.id = h.original
  WHERE coalesce(o.mimetype, '') NOT IN ('Directory', 'Repository')`;

const newOriginals = `
  INSERT INTO coldroom_original SELECT DISTINCT original, $1::integer FROM coldroom_holding WHERE round = $1 ON CONFLICT DO NOTHING`;

/** All units that hold an original of the round. Joined by originals, since thousands of units may hold one. */
const newUnits = `
  INSERT INTO coldroom_unit SELECT holder.unit, holder.unit, $1::integer + 1 FROM (
    SELECT e.fileset AS unit FROM coldroom_original o JOIN filesetentry e ON e.originalfile = o.original WHERE o.round = $1
    UNION
    SELECT coalesce(i.fileset, -i.id) FROM coldroom_original o
      JOIN pixelsoriginalfilemap m ON m.parent = o.original JOIN pixels p ON p.id = m.child JOIN image i ON i.id = p.image
     WHERE o.round = $1
  ) AS holder ON CONFLICT DO NOTHING`;

/** Only an original that several units hold connects them. */
const shared = `
  CREATE TEMP TABLE coldroom_shared ON COMMIT DROP AS
  SELECT DISTINCT unit, original FROM coldroom_holding
   WHERE original IN (SELECT original FROM coldroom_holding GROUP BY original HAVING count(DISTINCT unit) > 1)`;

/** Every unit takes the smallest label of those it shares an original with... */
const spread = `
  UPDATE coldroom_unit u SET label = n.label
    FROM (SELECT s.unit, min(l.label) AS label
            FROM coldroom_shared s
            JOIN (SELECT s.original, min(u.label) AS label FROM coldroom_shared s JOIN coldroom_unit u ON u.unit = s.unit GROUP BY s.original) AS l
              ON l.original = s.original GROUP BY s.unit) AS n
   WHERE n.unit = u.unit AND n.label < u.label`;

/** ...and the label of the unit it is labelled with, which halves the path in long chains. */
const jump =
  'UPDATE coldroom_unit u SET label = o.label FROM coldroom_unit o WHERE o.unit = u.label AND o.label < u.label';

const images = `
  CREATE TEMP TABLE coldroom_image ON COMMIT DROP AS
  SELECT i.id AS image, u.unit, u.label FROM coldroom_unit u JOIN image i ON i.fileset = u.unit
  UNION ALL
  SELECT i.id, u.unit, u.label FROM coldroom_unit u JOIN image i ON i.id = -u.unit WHERE u.unit < 0`;

/**
 * A component of one fileset without OMERO 4 originals has the fileset's id; every other one the smallest pixels id.
 */
const components = `
  CREATE TEMP TABLE coldroom_component ON COMMIT DROP AS
  SELECT u.label,
         CASE WHEN count(*) = 1 AND u.label > 0 AND NOT coalesce(bool_or(legacy.found), false) THEN 'Fileset:' || u.label
              ELSE coalesce('Legacy:' || min(pixel.id), 'Image:' || min(pixel.image)) END AS name
    FROM coldroom_unit u
    LEFT JOIN LATERAL (SELECT min(p.id) AS id, min(i.image) AS image FROM coldroom_image i LEFT JOIN pixels p ON p.image = i.image
                        WHERE i.unit = u.unit) AS pixel ON true
    LEFT JOIN LATERAL (SELECT true AS found FROM coldroom_holding h JOIN originalfile o ON o.id = h.original
                        WHERE h.unit = u.unit AND h.mapped AND o.repo IS NULL LIMIT 1) AS legacy ON true
   GROUP BY u.label`;

/** Fills the temporary tables for these images. Images that no longer exist are left out. */
export async function buildClosure(session: Session, imageIds: readonly bigint[]): Promise<void> {
  for (const table of tables) await session.rows(table);
  await session.rows('INSERT INTO coldroom_marked SELECT DISTINCT id FROM unnest($1::bigint[]) AS id', [imageIds]);
  await session.rows('ANALYZE coldroom_marked');
  let found = await session.count(
    `INSERT INTO coldroom_unit SELECT DISTINCT coalesce(i.fileset, -i.id), coalesce(i.fileset, -i.id), 0
       FROM coldroom_marked m JOIN image i ON i.id = m.image`,
  );
  for (let round = 0; found > 0; round++) {
    if (round === 0 || found > 1000) await session.rows('ANALYZE coldroom_unit');
    const held = await session.count(holdings, [round]);
    await session.rows(newOriginals, [round]);
    if (round === 0 || held > 1000) await session.rows('ANALYZE coldroom_original');
    found = await session.count(newUnits, [round]);
  }
  await session.rows(shared);
  await session.rows('ANALYZE coldroom_shared');
  while ((await session.count(spread)) + (await session.count(jump)) > 0);
  await session.rows(images);
  await session.rows('CREATE INDEX ON coldroom_image (unit)');
  await session.rows('CREATE INDEX ON coldroom_holding (unit)');
  for (const table of ['coldroom_unit', 'coldroom_image', 'coldroom_holding']) await session.rows(`ANALYZE ${table}`);
  await session.rows(components);
  await session.rows('CREATE UNIQUE INDEX ON coldroom_component (label)');
  await session.rows('ANALYZE coldroom_component');
}
