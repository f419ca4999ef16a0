import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(__dirname, '..', '..', '..');
/** What npm compares engines with; nx includes it. */
const semver = createRequire(require.resolve('nx/package.json'))('semver') as {
  satisfies(version: string, range: string): boolean;
};
/**
 * The Node.js version that Debian and Ubuntu users have and that npm still runs on, before `npm ci` has installed a
 * newer one.
 */
const systemNode = '20.20.2';

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly engines?: { readonly node?: string } }>
  >;
}

test(`npm ci under Node.js ${systemNode} has no package to warn of`, () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile;
  const refusing = Object.entries(packages).filter(
    ([, { engines }]) => engines?.node && !semver.satisfies(systemNode, engines.node),
  );
  expect(Object.keys(packages).length).toBeGreaterThan(500);
  expect(refusing.map(([path, { version, engines }]) => `${path} ${version}: ${engines?.node}`)).toEqual([]);
});

test('nx neither connects to its cloud service nor advertises it after a run', () => {
  expect(JSON.parse(readFileSync(join(root, 'nx.json'), 'utf8'))).toMatchObject({
    neverConnectToCloud: true,
    analytics: false,
  });
});
