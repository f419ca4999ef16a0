import type { Stack } from './stack';
import { command, finished, install, prove } from './walk';

interface Layout {
  readonly what: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The owners of OMERO's files that were seen, and the settings that fit. */
const layouts: readonly Layout[] = [
  ...['0', '992', '997'].map((group) => ({
    what: `files of 1000 and group ${group}`,
    env: { SAMPLE_OWNER: `1000:${group}`, COLDROOM_FILES_GROUP: group },
  })),
  {
    what: "files of another user than OMERO's usual one",
    env: { SAMPLE_OWNER: '1234:2345', COLDROOM_UID: '1234', COLDROOM_GID: '2345', COLDROOM_FILES_GROUP: '2345' },
  },
  {
    what: 'a volume of root and a group that may write, as Kubernetes makes them',
    env: { SAMPLE_OWNER: '1000:2000', SAMPLE_VOLUME_OWNER: '0:2000', COLDROOM_FILES_GROUP: '2000' },
  },
];

/** Archives and restores with each owner of OMERO's files, and shows that doctor names what does not fit. */
export async function walkOwners(
  open: (env: Readonly<Record<string, string>>) => Promise<Stack>,
  say: (line: string) => void,
): Promise<void> {
  for (const { what, env } of layouts) {
    const stack = await open({ SAMPLE_IMAGES: '20', ...env });
    try {
      await install({ stack, say });
      await command(stack, 'scan');
      await command(stack, 'requests', 'approve', '1', '2', '--yes');
      await finished(stack);
      await prove({ stack, say }, `with ${what}`);
      await command(stack, 'restore', 'Request:2', '--yes', '--no-wait');
      await finished(stack);
      await prove({ stack, say }, 'after a restore');
    } finally {
      await stack.remove();
    }
  }
  await refuses(
    await open({ SAMPLE_IMAGES: '20', SAMPLE_OWNER: '1000:992' }),
    /group 992,.*?COLDROOM_FILES_GROUP=992/s,
    say,
  );
  await refuses(await open({ SAMPLE_IMAGES: '20', SAMPLE_OWNER: '1234:1000' }), /uid 1234,.*?COLDROOM_UID=1234/s, say);
}

async function refuses(stack: Stack, expected: RegExp, say: (line: string) => void): Promise<void> {
  try {
    await stack.do('run', '--rm', 'omero-sample');
    await stack.do('run', '--rm', 'migrate');
    const { code, stdout } = await stack.coldroom('doctor', '--json');
    if (code === 0 || !expected.test(stdout)) throw new Error(`doctor does not say ${expected}:\n${stdout}`);
    say(`doctor names what does not fit: ${expected}`);
  } finally {
    await stack.remove();
  }
}
