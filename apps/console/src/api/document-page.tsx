import type { OpenAPIObject } from '@nestjs/swagger';
import type { VNode } from 'preact';
import { Page, type Frame } from '../layout/html';
import { Rows } from '../layout/rows';
import { NamedSchema, Text, Type, type Schema } from './document-types';

interface Props extends Frame {
  readonly document: OpenAPIObject;
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

interface OperationProps {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** The operations of the API and what they take and answer; the same as the OpenAPI document. */
export function DocumentPage({ site, visitor, document }: Props): VNode {
  const operations: OperationProps[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({ path, method, operation })),
  );
  return (
    <Page site={site} visitor={visitor} title="REST API">
      <h1>REST API</h1>
      <p>
        For programs: what these pages show and do. Tools read{' '}
        <a href={site.href('/api/v1/openapi.json')}>the OpenAPI document</a>.
      </p>
      {[...Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? '')].map(([tag, each]) => (
        <section key={tag}>
          <h2>{tag}</h2>
          {each.map((one) => (
            <OperationPart key={one.operation.operationId} {...one} />
          ))}
        </section>
      ))}
      <h2>Schemas</h2>
      {Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => (
        <NamedSchema key={name} name={name} schema={schema as Schema} />
      ))}
    </Page>
  );
}

function OperationPart({ path, method, operation }: OperationProps): VNode {
  const parameters = (operation.parameters ?? []).filter((each) => 'name' in each);
  const body =
    operation.requestBody && 'content' in operation.requestBody ? schemaIn(operation.requestBody) : undefined;
  return (
    <details>
      <summary>
        <code>
          {method.toUpperCase()} api/v1{path}
        </code>{' '}
        {operation.summary}
      </summary>
      {operation.description && (
        <p>
          <Text of={operation.description} />
        </p>
      )}
      {parameters.length > 0 && (
        <Rows
          label={`Parameters of ${method.toUpperCase()} ${path}`}
          columns={[{ title: 'parameter' }, { title: 'in' }, { title: 'type' }, { title: 'meaning' }]}
          rows={parameters.map((each) => ({
            key: `${each.in} ${each.name}`,
            cells: [
              each.name,
              each.required ? `${each.in}, required` : each.in,
              <Type of={each.schema as Schema} />,
              each.description && <Text of={each.description} />,
            ],
          }))}
        />
      )}
      {body && (
        <p>
          Body: <Type of={body} />
        </p>
      )}
      {Object.entries(operation.responses).map(([status, response]) => (
        <Answer key={status} status={status} response={response as Response} />
      ))}
    </details>
  );
}

interface Response {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}

function Answer({ status, response }: { readonly status: string; readonly response: Response }): VNode | null {
  const schema = schemaIn(response);
  return schema === undefined ? null : (
    <p>
      {status} ({response.description}): <Type of={schema} />
    </p>
  );
}

const schemaIn = ({ content }: Response): Schema | undefined =>
  content?.['application/json']?.schema as Schema | undefined;
