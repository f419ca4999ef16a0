import type { VNode } from 'preact';
import { Page, type Frame } from '../layout/html';

interface Props extends Frame {
  readonly next: string;
  readonly username?: string;
  readonly problem?: string | undefined;
}

export function SignInPage({ next, username = '', problem, ...frame }: Props): VNode {
  return (
    <Page {...frame} title="Sign in">
      <section class="card narrow">
        <h1>Sign in to Coldroom</h1>
        <p>Use your OMERO login name and password.</p>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <form method="post" action={frame.site.href('/sign-in')}>
          <input type="hidden" name="next" value={next} />
          <label for="username">Login name</label>
          <input
            id="username"
            name="username"
            type="text"
            value={username}
            autoComplete="username"
            autoFocus
            required
          />
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autoComplete="current-password" required />
          <button class="primary" type="submit">
            Sign in
          </button>
        </form>
      </section>
    </Page>
  );
}
