import { claimLost, codeOf, ColdroomError, messageOf, NotYet, Refused, Transient } from './errors';

describe('errors', () => {
  it.each([
    [Transient, 'transient', 'Transient'],
    [NotYet, 'not-yet', 'NotYet'],
    [Refused, 'refused', 'Refused'],
  ] as const)('%p has its kind, name, code, details and cause', (Kind, kind, name) => {
    const cause = new Error('disk on fire');
    const error = new Kind('STORE_UNAVAILABLE', 'The store is unavailable', { store: 'main' }, { cause });
    expect(error).toBeInstanceOf(ColdroomError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      kind,
      name,
      code: 'STORE_UNAVAILABLE',
      message: 'The store is unavailable',
      details: { store: 'main' },
    });
    expect(error.cause).toBe(cause);
    expect(error.stack).toContain(name);
  });

  it('has no cause where none was given', () => expect('cause' in new Refused('X', 'x')).toBe(false));

  it('says why a claim was lost, with the bag and the cause where they are known', () => {
    const cause = new Error('SIGTERM');
    const lost = claimLost('it was stopped', { bag: 7n, cause });
    expect(lost).toMatchObject({ kind: 'transient', code: 'CLAIM_LOST', details: { bag: 7n } });
    expect(lost.message).toContain('because it was stopped;');
    expect([lost.cause, 'cause' in claimLost('it was stopped')]).toEqual([cause, false]);
    expect(claimLost('it was stopped').details).toEqual({});
  });

  it('finds the code of any thrown value', () => {
    expect(codeOf(new Refused('BAG_SEALED', ''))).toBe('BAG_SEALED');
    expect(codeOf(Object.assign(new Error('no space'), { code: 'ENOSPC' }))).toBe('ENOSPC');
    for (const thrown of [new Error('x'), { code: 5 }, 'text', null, undefined]) expect(codeOf(thrown)).toBe('UNKNOWN');
  });

  it('names errors of the system that Node.js has no name for', () => {
    const failed = (errno: number, code: string, text: string): Error =>
      Object.assign(new Error(`${code}: ${text}, write`), { code, errno });
    const plain = (errno: number): Error =>
      failed(errno, `Unknown system error ${errno}`, `Unknown system error ${errno}`);
    expect([-116, -117].map((errno) => codeOf(plain(errno)))).toEqual(['ESTALE', 'EUCLEAN']);
    expect(codeOf(failed(-122, 'UNKNOWN', 'unknown error'))).toBe('EDQUOT');
    expect(messageOf(plain(-116))).toBe('ESTALE: stale file handle, write');
    expect(messageOf(failed(-122, 'UNKNOWN', 'unknown error'))).toBe('EDQUOT: disk quota exceeded, write');
    expect(codeOf(plain(-4000))).toBe('Unknown system error -4000');
    expect(messageOf(plain(-4000))).toBe(plain(-4000).message);
  });

  it('finds the message of any thrown value', () => {
    expect(messageOf(new Error('no space'))).toBe('no space');
    expect(messageOf('text')).toBe('text');
    expect(messageOf(null)).toBe('null');
  });
});
