/** The address under which people reach the console: its origin, and the path that all its links start with. */
export class Site {
  readonly origin: string;
  /** `` or `/coldroom`: without a slash at its end. */
  readonly base: string;
  readonly secure: boolean;

  constructor(url: string) {
    const { origin, pathname, protocol } = new URL(url);
    this.origin = origin;
    this.base = pathname.replace(/\/+$/, '');
    this.secure = protocol === 'https:';
  }

  /** @param path starts with a slash */
  href(path: string): string {
    return `${this.base}${path}`;
  }

  /** Whether this path leads to the REST API. Routes ignore case, so this must, too. */
  isApi(path: string): boolean {
    return path.toLowerCase().startsWith(this.href('/api/').toLowerCase());
  }

  /** The path to go to after a sign-in: only a page of ours, never another site. */
  localPath(next: unknown): string {
    const home = this.href('/');
    if (typeof next !== 'string' || !URL.canParse(next, this.origin)) return home;
    const { origin, pathname, search } = new URL(next, this.origin);
    if (origin !== this.origin || !`${pathname}/`.startsWith(`${this.base}/`) || pathname.startsWith('//')) return home;
    return `${pathname}${search}`;
  }
}
