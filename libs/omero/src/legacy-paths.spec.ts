import { legacyPath, pyramidCompanions } from './legacy-paths';

describe('legacyPath', () => {
  it.each([
    [0n, '0'],
    [7n, '7'],
    [999n, '999'],
    [1000n, 'Dir-001/1000'],
    [1999n, 'Dir-001/1999'],
    [12345n, 'Dir-012/12345'],
    // 999001 to 999999 are where floating-point division goes wrong.
    [999000n, 'Dir-999/999000'],
    [999001n, 'Dir-999/999001'],
    [999999n, 'Dir-999/999999'],
    [1000000n, 'Dir-001/Dir-000/1000000'],
    [1203999n, 'Dir-001/Dir-203/1203999'],
    [1000000000n, 'Dir-001/Dir-000/Dir-000/1000000000'],
    [9007199254740993n, 'Dir-009/Dir-007/Dir-199/Dir-254/Dir-740/9007199254740993'],
  ])('puts %s at %s', (id, path) => expect(legacyPath(id)).toBe(path));
});

it('lists the names that show that a pyramid is being written', () => {
  expect(pyramidCompanions(12345n)).toEqual({
    directory: 'Dir-012/',
    pyramid: '12345_pyramid',
    lock: '.12345_pyramid.pyr_lock',
    temporary: { start: '.12345_pyramid', end: '.tmp' },
  });
  expect(pyramidCompanions(7n).directory).toBe('');
});
