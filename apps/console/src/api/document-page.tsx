import type { OpenAPIObject } from '@nestjs/swagger';
import type { VNode } from 'preact';
import { Page, type Frame } from '../layout/html';
import { Rows } from '../layout/rows';

interface Props extends Frame {
  readonly document: OpenAPIObject;
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Part = 'parameters' | 'requestBody' | 'responses';

/** The operations of the API and what they take and answer; the same as the OpenAPI document. */
export function DocumentPage({ site, visitor, document }: Props): VNode {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({ path, method, operation })),
  );
  return (
    <Page site={site} visitor={visitor} title="REST API">
      <h1>REST API</h1>
      <p>
        For programs: the same as these pages show and do.{' '}
        <a href={site.href('/api/v1/openapi.json')}>The OpenAPI document</a> has it in a form that tools read.
      </p>
      <h2>Operations</h2>
      {operations.map((each) => (
        <OperationPart key={each.operation.operationId} {...each} />
      ))}
      <h2>Schemas</h2>
      {Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => (
        <details id={`schema-${name}`} key={name}>
          <summary>{name}</summary>
          <Json value={schema} />
        </details>
      ))}
    </Page>
  );
}

interface OperationProps {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

function OperationPart({ path, method, operation }: OperationProps): VNode {
  const parameters = (operation.parameters ?? []).filter((each) => 'name' in each);
  return (
    <details>
      <summary>
        <code>
          {method.toUpperCase()} api/v1{path}
        </code>{' '}
        {operation.summary}
      </summary>
      {operation.description && <p>{operation.description}</p>}
      {parameters.length > 0 && (
        <Rows
          label={`Parameters of ${method.toUpperCase()} ${path}`}
          columns={[{ title: 'parameter' }, { title: 'in' }, { title: 'meaning' }]}
          rows={parameters.map((each) => ({
            key: `${each.in} ${each.name}`,
            cells: [each.name, each.required ? `${each.in}, required` : each.in, each.description],
          }))}
        />
      )}
      <Section title="Body" value={operation.requestBody} />
      <Section title="Answers" value={operation.responses} />
    </details>
  );
}

function Section({ title, value }: { readonly title: string; readonly value: Operation[Part] }): VNode | null {
  return value === undefined ? null : (
    <>
      <p>{title}</p>
      <Json value={value} />
    </>
  );
}

function Json({ value }: { readonly value: unknown }): VNode {
  return <pre class="path">{JSON.stringify(value, null, 2)}</pre>;
}
