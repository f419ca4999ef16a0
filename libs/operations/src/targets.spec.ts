import { UsageError } from './failure';
import { nameOf, parseIds, parseTargets } from './targets';

describe('parseTargets', () => {
  it('reads objects as OMERO names them, one target for each kind', () => {
    expect(
      parseTargets(
        ['Image:7', 'Request:1,2', 'Image:8-10,7', 'Fileset:9', 'Legacy:45'],
        ['Request', 'Image', 'Fileset'],
      ),
    ).toEqual([
      { kind: 'Image', ids: [7n, 8n, 9n, 10n] },
      { kind: 'Request', ids: [1n, 2n] },
      { kind: 'Fileset', names: ['Fileset:9', 'Legacy:45'] },
    ]);
  });
  it('takes bare numbers where their kind is given', () => {
    expect(parseTargets(['12', 'File:13'], ['File', 'Request'], 'File')).toEqual([{ kind: 'File', ids: [12n, 13n] }]);
    expect(parseTargets(['9'], ['Fileset'], 'Fileset')).toEqual([{ kind: 'Fileset', names: ['Fileset:9'] }]);
    expect(parseIds(['1', 'Request:999,1000,1000000'], 'Request')).toEqual([1n, 999n, 1000n, 1000000n]);
  });
  it('keeps 64-bit ids whole', () => {
    expect(parseIds(['9223372036854775807'], 'File')).toEqual([9223372036854775807n]);
    expect(parseIds(['9223372036854775806-9223372036854775807'], 'File')).toHaveLength(2);
  });
  it.each([
    ['12'],
    ['Image:'],
    ['Image'],
    [''],
    [':1'],
    ['Image:0'],
    ['Image:-1'],
    ['Image:1,'],
    ['Image:1 2'],
    ['Image:1.5'],
    ['Image:1e3'],
    ['Image:5-3'],
    ['Image:1-2000000'],
    ['Image:9223372036854775808'],
    ['Image:0x1'],
    ['Dataset:1'],
    ['File:1'],
    ['Image:1:2'],
    ['Legacy:a'],
    ['Fileset:9;'],
  ])('refuses %p', (word) => {
    expect(() => parseTargets([word], ['Request', 'Image', 'Fileset'])).toThrow(UsageError);
  });
  it('suggests what was probably meant', () => {
    expect(() => parseTargets(['image:7'], ['Request', 'Image'])).toThrow('did you mean Image:7?');
    expect(() => parseTargets(['Dataset:7'], ['Request', 'Image'])).toThrow('write Request:1,2 or Image:7');
  });
  it('names a target as a person would', () => {
    expect(nameOf({ kind: 'Image', ids: [1n, 2n] })).toBe('Image:1,2');
  });
});
