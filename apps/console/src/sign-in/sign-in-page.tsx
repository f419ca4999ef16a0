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
        <h1>Sign in</h1>
        <p class="muted">Coldroom keeps the images of OMERO that are rarely needed in an archive.</p>
        {problem && (
          <p class="alert" role="alert">
            <span aria-hidden="true">▲</span> {problem}
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
            autoCapitalize="none"
            spellcheck={false}
            autoFocus
            required
          />
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            autoComplete="current-password"
            aria-describedby="password-use"
            required
          />
          <p class="small muted" id="password-use">
            Both are those of OMERO. The password is only passed to OMERO, and not kept.
          </p>
          <button class="primary wide" type="submit">
            Sign in
          </button>
        </form>
      </section>
    </Page>
  );
}

interface Refusal extends Frame {
  readonly problem: string;
  readonly code: string;
}

/** In place of the form where a proxy signs people in. */
export function ProxyRefusalPage({ problem, code, ...frame }: Refusal): VNode {
  return (
    <Page {...frame} title="Not signed in">
      <section class="card narrow">
        <h1>Not signed in</h1>
        <p class="alert" role="alert">
          <span aria-hidden="true">▲</span> {problem}
        </p>
        <p>
          <a class="button" href={frame.site.href('/')}>
            Try again
          </a>
        </p>
        <p class="small muted">{code}</p>
      </section>
    </Page>
  );
}
