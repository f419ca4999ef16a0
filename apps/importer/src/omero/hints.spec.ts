import { hintsOf } from './hints';

test('filesets and images are read, also of several, and of one without images', () => {
  expect(
    hintsOf('---\n- Fileset: 5\n  Image: [12,13]\n---\n- Fileset: 6\n  Plate: [1]\n  Image: [14]\n- Fileset: 7\n'),
  ).toEqual([
    { filesetId: 5n, imageIds: [12n, 13n] },
    { filesetId: 6n, imageIds: [14n] },
    { filesetId: 7n, imageIds: [] },
  ]);
});

test.each([
  ['', []],
  ['words\n', []],
  ['---\n- Fil', []],
  ['---\n- Fileset: 5', []],
  ['---\n- Fileset: 5\n  Image: [12,1', [{ filesetId: 5n, imageIds: [] }]],
])('no number is read from a line that is cut: %j', (output, hints) => expect(hintsOf(output)).toEqual(hints));
