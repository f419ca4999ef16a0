import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const source = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** By the rules of WCAG 2.2 AA and by axe's own advice; of a page without frames. */
export async function findings(page: Page): Promise<readonly string[]> {
  await page.evaluate(source);
  const { violations, passes } = await page.evaluate<AxeResults>('axe.run()');
  if (passes.length < 10) throw new Error(`axe looked at ${passes.length} rules only at ${page.url()}`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
