import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const found = places.find((path) => existsSync(path));

/** `describe`, or a reported skip where this machine has no Chromium. */
export function describeInChromium(name: string, tests: () => void): void {
  if (found !== undefined) return void describe(name, tests);
  const reason = 'this needs Chromium (Debian: apt-get install chromium)';
  process.stderr.write(`SKIPPED: ${name}: ${reason}\n`);
  describe.skip(`${name} (skipped: ${reason})`, tests);
}

export interface Window {
  readonly width?: number;
  readonly height?: number;
  readonly colours?: 'light' | 'dark';
  readonly scripts?: boolean;
}

/** A real browser. Each window has cookies of its own. */
export class Chromium {
  private constructor(private readonly browser: Browser) {}

  static async start(): Promise<Chromium> {
    if (found === undefined) throw new Error(`There is no Chromium at ${places.join(', ')}.`);
    // Chromium's sandbox refuses to run as root.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    return new Chromium(await chromium.launch({ executablePath: found, args }));
  }

  async open(url: string, window: Window = {}): Promise<Page> {
    const { width = 1280, height = 900, colours = 'light', scripts = true } = window;
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: colours,
      javaScriptEnabled: scripts,
      reducedMotion: 'reduce',
      ignoreHTTPSErrors: true,
    });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }
}

/** Fills in the sign-in page; each password is the login name. */
export async function signIn(page: Page, login: string): Promise<void> {
  await page.getByLabel('Login name').fill(login);
  await page.getByLabel('Password').fill(login);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
