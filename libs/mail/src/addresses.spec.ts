import { isAddress, parseMailbox } from './addresses';

test.each(['a@b', "o'brien+omero@uni-x.example.org", 'müller@example.org', 'a@bücher.example'])(
  '%s is an address',
  (text) => expect(isAddress(text)).toBe(true),
);

test.each([
  '',
  'alice',
  '@example.org',
  'alice@',
  'alice@example.org, eve@example.org',
  'alice@example.org\r\nBcc: eve@example.org',
  'Alice <alice@example.org>',
  'alice@example..org',
  'alice@-example.org',
  'al ice@example.org',
  `${'a'.repeat(65)}@example.org`,
  `a@${'b'.repeat(260)}`,
])('%j is none', (text) => expect(isAddress(text)).toBe(false));

test('a mailbox may have a name, with quotes or without', () => {
  expect(parseMailbox('"Cold, room" <c@example.org>')).toEqual({ name: 'Cold, room', address: 'c@example.org' });
  expect(parseMailbox('Coldroom <c@example.org>')).toEqual({ name: 'Coldroom', address: 'c@example.org' });
  expect(parseMailbox(' c@example.org ')).toEqual({ name: '', address: 'c@example.org' });
  expect(parseMailbox('Coldroom <c@example.org> <d@example.org>')).toBeUndefined();
});
