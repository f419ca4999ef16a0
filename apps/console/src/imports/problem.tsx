import type { VNode } from 'preact';

/** Why something was refused, above the form that it was asked with. */
export function Problem({ problem }: { readonly problem?: string | undefined }): VNode | null {
  if (problem === undefined) return null;
  return (
    <section class="card problem" role="alert">
      <h2>This could not be completed</h2>
      <p class="name">{problem}</p>
    </section>
  );
}
