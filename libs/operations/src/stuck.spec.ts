import type { StuckFile } from '@coldroom/register';
import { commandsFor } from './stuck';

const file = (id: number, part: Partial<StuckFile> = {}): StuckFile => ({
  id: BigInt(id),
  fileset: 'Fileset:9',
  bag: 'bag',
  stuckFrom: 'approved',
  released: false,
  code: 'X',
  ...part,
});

describe('commandsFor', () => {
  it('names all files, as ranges where ids are consecutive, in the order of the advice', () => {
    expect(
      commandsFor(
        'HASH_DIFFERS',
        [1, 3, 4, 5, 8, 9].map((id) => file(id)),
      ),
    ).toEqual(['coldroom files abandon File:1,3-5,8,9', 'coldroom files retry File:1,3-5,8,9']);
  });
  it('names filesets once for an undo, and only those that are held', () => {
    const linked = { stuckFrom: 'linked' } as const;
    const files = [file(1, linked), file(2, linked), file(3, { ...linked, fileset: 'Legacy:4', released: true })];
    expect(commandsFor('COPY_MISSING', files)).toEqual(['coldroom files retry File:1-3', 'coldroom undo Fileset:9']);
    expect(commandsFor('COPY_MISSING', [file(1)])).toEqual(['coldroom files retry File:1']);
  });
  it('abandons no file that is linked', () => {
    expect(commandsFor('ORIGINAL_CHANGED', [file(1), file(2, { stuckFrom: 'linked' })])).toEqual([
      'coldroom files abandon File:1',
    ]);
  });
  it('shows a file where no command helps immediately', () => {
    expect(commandsFor('HELD_CHANGED', [file(7, { stuckFrom: 'undoing' })])).toEqual(['coldroom files show 7']);
  });
  it('offers both for a code without advice of its own', () => {
    expect(commandsFor('NEW_CODE', [file(7)])).toEqual([
      'coldroom files retry File:7',
      'coldroom files abandon File:7',
    ]);
  });
  it('splits a long list into several commands', () => {
    const commands = commandsFor(
      'STORE_FULL',
      Array.from({ length: 250 }, (_, nr) => file(2 * nr + 1)),
    );
    expect(commands).toHaveLength(3);
    expect(commands[2]).toMatch(/^coldroom files retry File:401,.*,499$/);
  });
});
