import { createHash } from 'node:crypto';
import { Signer, encoded } from './signer';

const signer = new Signer({ accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', region: 'us-east-1' });
const host = 'examplebucket.s3.amazonaws.com';
const sha256 = (body: string): string => createHash('sha256').update(body).digest('hex');
const put = { host, date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY', 'content-length': '21', 'content-type': 'text/plain' };

it.each<[string, string, string, Record<string, string>, string, string]>([
  ['GET', '/test.txt', '', { host, range: 'bytes=0-9' }, '', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'],
  ['PUT', '/test%24file.text', '', put, 'Welcome to Amazon S3.', '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd'],
  ['GET', '/', 'lifecycle', { host }, '', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  ['GET', '/', 'prefix=J&max-keys=2', { host }, '', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
])('signs as in Amazon\'s own example: %s %s?%s', (method, path, query, headers, body, signature) => {
  const at = new Date('2013-05-24T00:00:00Z');
  for (const repeated of [1, 2]) expect([repeated, signer.sign({ method, path, query, headers, sha256: sha256(body) }, at)['authorization']?.split('Signature=')[1]]).toEqual([repeated, signature]);
});

it('makes a key for each day', () => {
  const order = { method: 'GET', path: '/', query: '', headers: { host }, sha256: sha256('') };
  const [one, next] = [new Date('2013-05-24T23:59:59Z'), new Date('2013-05-25T00:00:00Z')];
  const fresh = (): Signer => new Signer({ accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', region: 'us-east-1' });
  signer.sign(order, one);
  expect(signer.sign(order, next)).toEqual(fresh().sign(order, next));
});

it('encodes what a signature needs encoded', () => {
  expect(encoded('a b+c/ü!\'()*~-._%')).toBe('a%20b%2Bc%2F%C3%BC%21%27%28%29%2A~-._%25');
});
