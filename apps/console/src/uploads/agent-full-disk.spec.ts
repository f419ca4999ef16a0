import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { AgentScene } from '../testing/agent-scene';

const size = 4_000_000;
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('SKIPPED: uploads to a full disk, as only root can mount one\n');

(isRoot ? test : test.skip)(
  'an upload waits while the disk of the buffer is full, and then sends the rest',
  async () => {
    let mounted = '';
    const scene = await AgentScene.start('agent_full', {}, (buffer) => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'coldroom-agent', buffer]);
      mounted = buffer;
    });
    try {
      const content = randomBytes(size);
      scene.file('set/a.tif', content);
      scene.settings({ rate: '3MB/s' });
      const sending = scene.begin(...scene.sending('set'), '--no-wait');
      await scene.front.after(size / 4);
      expect(() => writeFileSync(scene.buffer('others'), Buffer.alloc(2 * size))).toThrow('ENOSPC');
      await sending.says('UPLOAD_NO_ROOM');
      rmSync(scene.buffer('others'));
      const { code, stderr } = await sending.ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('UPLOAD_NO_ROOM') });
      expect(readFileSync(scene.buffer('alice/scope/set/a.tif')).equals(content)).toBe(true);
      expect(await scene.orders()).toHaveLength(1);
    } finally {
      execFileSync('umount', ['-l', mounted]);
      await scene.stop();
    }
  },
);
