import { promisify } from 'node:util';
import { guardedLookup, isForbidden } from './forbidden-address';

it.each([
  '169.254.0.1',
  '0.0.0.0',
  '100.100.100.200',
  '168.63.129.16',
  'fe80::2',
  '::',
  'fd00:ec2::254',
  '::ffff:169.254.0.1',
])('no store may be at %s', (address) => {
  expect(isForbidden(address)).toBe(true);
});

it.each(['127.0.0.1', '::1', '10.0.0.1', '2001:db8::7'])('a store may be at %s', (address) => {
  expect(isForbidden(address)).toBe(false);
});

it('resolves no name to a forbidden address', async () => {
  const find = promisify(guardedLookup);
  await expect(find('169.254.169.254', { all: true })).rejects.toMatchObject({
    code: 'ADDRESS_NOT_ALLOWED',
    address: '169.254.169.254',
  });
  expect(await find('localhost', {})).toMatch(/^(127\.0\.0\.1|::1)$/);
  expect(await find('localhost', { all: true })).toEqual(
    expect.arrayContaining([expect.objectContaining({ address: expect.any(String) })]),
  );
});
