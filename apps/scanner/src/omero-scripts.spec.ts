import { omeroCommand, omeroPython } from '@coldroom/omero-server';
import { ScriptScene } from './testing/script-scene';

const python = omeroPython();
const omero = omeroCommand();
const single = (name: string, images = 1) => ({ files: [{ name, size: 20 }], images });

(python && omero ? describe : describe.skip)('a script of Coldroom, by the omero command', () => {
  let at: ScriptScene;
  let id: string;

  beforeAll(async () => {
    at = await ScriptScene.create('scripts', python as string, {
      groups: { microscopy: -40 },
      people: { alice: { group: 'microscopy' }, boss: { group: 'microscopy', administrator: true } },
      preparedScripts: false,
    });
  });
  afterAll(() => at.close());

  test('is uploaded, listed, and shows its parameters', async () => {
    const words = ['script', 'upload', '--official', 'coldroom/Archive_Images.py'];
    id = /OriginalFile:(\d+)/.exec(await at.omero(omero!, 'boss', words))![1]!;
    expect(await at.omero(omero!, 'alice', ['script', 'list'])).toContain('/coldroom/Archive_Images.py');
    const shown = await at.omero(omero!, 'alice', ['script', 'params', id]);
    for (const name of ['Data_Type', 'IDs', 'Expiry', 'Description', 'Reason', 'Dry_Run'])
      expect(shown).toContain(name);
  });

  test('launched, it marks images, and a scan makes the request', async () => {
    const { imageIds } = await at.scene.add([single('a.tif'), single('b.lif', 2)], { mark: false });
    const inputs = [`IDs=${imageIds.slice(0, 2)}`, 'Data_Type=Image', 'Expiry=10', 'Description=Mitosis, 2019'];
    const printed = await at.omero(omero!, 'alice', ['script', 'launch', id, ...inputs]);
    expect(printed).toContain('Marked for archiving: 2 images. Their filesets have files of 40 bytes.');
    expect(printed).toContain('1 more images share these filesets');
    const { requests } = await at.scene.scan.run('test');
    expect(requests).toMatchObject([{ requester: 'alice', group: 'microscopy', markedImages: 2 }]);
  });
});
