import { copyPath } from './model';

describe('copyPath', () => {
  it('puts the root before the path, whatever its bytes', () => {
    const path = Buffer.from([0x61, 0x2f, 0xff, 0xfe, 0x0a, 0x62]);
    const copy = copyPath({ root: 'ManagedRepository', path });
    expect(copy.subarray(0, 18).toString()).toBe('ManagedRepository/');
    expect(copy.subarray(18).equals(path)).toBe(true);
  });
  it('keeps files with the same path in different roots apart', () => {
    const path = Buffer.from('Dir-001/1042');
    expect(copyPath({ root: 'Pixels', path }).toString()).toBe('Pixels/Dir-001/1042');
    expect(copyPath({ root: 'Files', path }).toString()).toBe('Files/Dir-001/1042');
  });
});
