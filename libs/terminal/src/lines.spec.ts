import { flat, section, shortened } from './lines';

describe('lines', () => {
  it('are nested as the code that makes them is, without what does not apply', () => {
    expect(flat(['a', false, [undefined, ['b', []], 'c']])).toEqual(['a', 'b', 'c']);
    expect(flat(false)).toEqual([]);
  });
  it('are a section only if there are any', () => {
    expect(flat(section('Stuck', ['a', ['b']]))).toEqual(['', 'Stuck', '  a', '  b']);
    expect(flat(section('Stuck', [false, []]))).toEqual([]);
  });
  it('are counted where they are not shown', () => {
    expect(flat(shortened(['a', 'b', 'c'], 1234, 2))).toEqual(['a', 'b', 'and 1,232 more']);
    expect(flat(shortened(['a', 'b']))).toEqual(['a', 'b']);
  });
});
