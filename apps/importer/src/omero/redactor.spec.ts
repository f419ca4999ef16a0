import { Redactor } from './redactor';

const through = (secrets: readonly string[], pieces: readonly Buffer[]): string => {
  const redactor = new Redactor(secrets);
  return Buffer.concat([...pieces.map((piece) => redactor.push(piece)), redactor.end()]).toString();
};

test('a secret is replaced wherever the stream is split', () => {
  const text = Buffer.from('Cannot join kéy-1 on host; kéy-1kéy-1 ké');
  for (let split = 0; split <= text.length; split += 1)
    for (const size of [split, 1])
      expect(through(['kéy-1'], [text.subarray(0, size), text.subarray(size)])).toBe(
        'Cannot join *** on host; ****** ké',
      );
  expect(
    through(
      ['kéy-1'],
      [...text].map((byte) => Buffer.of(byte)),
    ),
  ).not.toContain('kéy-1');
});

test('without secrets, bytes pass unchanged', () => {
  const bytes = Buffer.from([0xff, 0x00, 0xe4, 0x0a]);
  expect(new Redactor(['']).push(bytes)).toEqual(bytes);
});
