import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templateNames, Templates } from './templates';

const dir = mkdtempSync(join(tmpdir(), 'templates-spec-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('every template has a text and an HTML file, and there are no others', () => {
  const files = templateNames.flatMap((name) => [`${name}.txt`, `${name}.html`]);
  expect(readdirSync(join(__dirname, '..', 'templates')).sort()).toEqual([...files, 'layout.html'].sort());
});

test.each(templateNames)('%s can be rendered, also without a link', async (name) => {
  const { subject, text, html } = await new Templates({ subjectPrefix: '[Coldroom]' }).render(name, {});
  expect(subject).toMatch(/^\[Coldroom\] \S/);
  expect(text + html).not.toContain('{{');
  expect(text).not.toContain('http');
});

test('values are text in HTML, and one line each', async () => {
  const { subject, text, html } = await new Templates().render('approved', {
    request: '1',
    name: 'Ann "Evil" <b>&',
    owner: 'two\r\nlines\u0000',
    link: 'javascript:"x"',
  });
  expect(subject).toBe('Request 1 is approved');
  expect(text).toContain('Hello Ann "Evil" <b>&,');
  expect(text).toContain('two lines');
  expect(html).toContain('Hello Ann &quot;Evil&quot; &lt;b&gt;&amp;,');
  expect(html).not.toContain('"x"');
});

test("a site's own file replaces ours of the same name at once", async () => {
  const templates = new Templates({ directory: dir });
  expect((await templates.render('test', { address: 'a@example.org' })).subject).toBe('Test mail');
  writeFileSync(join(dir, 'test.txt'), 'Subject: Hallo {{address}}\r\n\r\nText');
  expect(await templates.render('test', { address: 'a@example.org' })).toMatchObject({
    subject: 'Hallo a@example.org',
    text: 'Text\n',
    html: expect.stringContaining('This is a test.'),
  });
});

test.each([
  ['no subject', 'Hello'],
  ['an open section', 'Subject: a\n\n{{#link}}'],
])('a file of the site with %s is refused', async (_what, content) => {
  writeFileSync(join(dir, 'test.txt'), content);
  await expect(new Templates({ directory: dir }).render('test', {})).rejects.toMatchObject({
    code: 'MAIL_TEMPLATE_INVALID',
    message: expect.stringContaining('test.txt'),
  });
});
