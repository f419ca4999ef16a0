import type { ComponentChildren, VNode } from 'preact';
import { counted, formatBytes } from '@coldroom/terminal';

/** Files that are equally far. */
export interface FilesAt {
  readonly name: string;
  readonly words: string;
  readonly files: number;
  readonly bytes: bigint;
}

interface Props {
  readonly steps: readonly FilesAt[];
  readonly children?: ComponentChildren;
}

/** How far files are, as a bar and in words. */
export function Steps({ steps, children }: Props): VNode {
  return (
    <section class="card">
      <h2>Where the files are</h2>
      <Bar steps={steps} />
      {children}
      <ul class="legend">
        {steps.map(({ name, words, files, bytes }) => (
          <li>
            <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
              <rect class={`step ${name}`} width="10" height="10" rx="2" />
            </svg>
            <span>
              <strong>{counted(files, 'file')}</strong> {words} <span class="muted">({formatBytes(bytes)})</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const width = 1000;
/** However small, a step can be seen. */
const least = 8;

/** Drawn by attributes: the content security policy forbids styles in a page. */
function Bar({ steps }: { readonly steps: readonly FilesAt[] }): VNode {
  const weights = sharesOf(steps);
  let x = 0;
  return (
    <svg
      class="bar-of-steps"
      viewBox={`0 0 ${width} 16`}
      preserveAspectRatio="none"
      role="img"
      aria-label={steps.map(({ files, words }) => `${counted(files, 'file')} ${words}`).join(', ')}
    >
      {steps.map(({ name }, at) => {
        const share = weights[at] ?? 0;
        const left = x;
        x += share;
        return (
          <rect
            class={`step ${name}`}
            x={left}
            width={at === steps.length - 1 ? width - left : share - 2}
            height="16"
          />
        );
      })}
    </svg>
  );
}

function sharesOf(steps: readonly FilesAt[]): readonly number[] {
  const total = steps.reduce((sum, { bytes }) => sum + Number(bytes), 0) || 1;
  const wanted = steps.map(({ bytes }) => Math.max(least, (width * Number(bytes)) / total));
  const sum = wanted.reduce((all, each) => all + each, 0);
  return wanted.map((each) => Math.round((each * width) / sum));
}
