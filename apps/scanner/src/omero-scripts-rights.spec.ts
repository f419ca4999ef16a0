import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { omeroPython } from '@coldroom/omero-server';
import { ScriptScene } from './testing/script-scene';

const python = omeroPython();

const ownersOnly = 'in this group OMERO lets only the owner annotate: let the owner run this script';
const notTheirs = 'only the owner, a leader of the group or an administrator with all privileges may ask';
const unseen = 'OMERO does not show it to you';

/** The table of docs/omero-scripts.md: whether a person may request an image of another, or why not. */
const cells = {
  private: { owner: 'yes', member: unseen, leader: ownersOnly, administrator: ownersOnly, restricted: notTheirs },
  'read-only': { owner: 'yes', member: notTheirs, leader: 'yes', administrator: 'yes', restricted: notTheirs },
  'read-annotate': { owner: 'yes', member: notTheirs, leader: 'yes', administrator: 'yes', restricted: notTheirs },
  'read-write': { owner: 'yes', member: notTheirs, leader: 'yes', administrator: 'yes', restricted: notTheirs },
} as const;
const groups = { private: -120, 'read-only': -56, 'read-annotate': -40, 'read-write': -8 } as const;
type Kind = keyof typeof cells;
type Who = keyof (typeof cells)['private'];

const kinds = Object.keys(cells) as Kind[];
const table = kinds.flatMap((kind) => Object.entries(cells[kind]).map(([who, outcome]) => [who as Who, kind, outcome]));
const login = (who: Who, kind: Kind): string =>
  who === 'administrator' || who === 'restricted' ? who : `${who}-${kind}`;

test('the table in the documents says the same', () => {
  const words: Readonly<Record<string, string>> = {
    yes: 'yes',
    [ownersOnly]: 'only the owner',
    [notTheirs]: 'no',
    [unseen]: 'not shown',
  };
  const guide = readFileSync(join(__dirname, '../../../docs/omero-scripts.md'), 'utf8');
  for (const who of Object.keys(cells.private) as Who[])
    expect(guide).toContain(`\n| ${who} | ${kinds.map((kind) => words[cells[kind][who]]).join(' | ')} |\n`);
});

(python ? describe : describe.skip)('who may request an image of the owner by a script', () => {
  let at: ScriptScene;

  beforeAll(async () => {
    const inGroups = kinds.flatMap((kind) => [
      [`owner-${kind}`, { group: kind }],
      [`member-${kind}`, { group: kind }],
      [`leader-${kind}`, { group: kind, leader: true }],
    ]);
    at = await ScriptScene.create('script_rights', python as string, {
      groups: { ...groups, staff: -40 },
      people: {
        ...Object.fromEntries(inGroups),
        administrator: { group: 'staff', administrator: true },
        restricted: { group: 'staff', administrator: true, withheld: ['Sudo'] },
      },
    });
    await at.install('administrator', ['Archive_Images.py']);
  });
  afterAll(() => at.close());

  test.each(table)('%s in a %s group: %s', async (who, kind, outcome) => {
    const { imageIds } = await at.scene.add([{ files: [{ name: `${who}.tif`, size: 20 }] }], {
      mark: false,
      omename: `owner-${kind}`,
    });
    const { message, stderr } = await at.launch(login(who as Who, kind as Kind), 'Archive_Images', {
      Data_Type: 'Image',
      IDs: imageIds,
    });
    expect(stderr).toBe('');
    const { requests, ignored } = await at.scan();
    expect(ignored).toEqual([]);
    if (outcome === 'yes') {
      expect(message).toContain('Marked for archiving: 1 images.');
      expect(requests).toMatchObject([{ requester: login(who as Who, kind as Kind), group: kind, markedImages: 1 }]);
    } else {
      expect(message).toContain(`Not done for image ${imageIds[0]}: ${outcome}`);
      expect(requests).toEqual([]);
      expect(await at.scene.marksOf(imageIds[0]!)).toEqual([]);
    }
  });
});
