import type { VNode } from 'preact';
import { Rows } from '../layout/rows';

/** What JSON Schema has of it here. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** What a description says; names of fields and headers are between backticks there. */
export function Text({ of: text }: { readonly of: string }): VNode {
  return <>{text.split('`').map((part, at) => (at % 2 === 1 ? <code>{part}</code> : part))}</>;
}

/** A schema in one line, with links to those that have a name. */
export function Type({ of: schema }: { readonly of: Schema }): VNode {
  const name = schema.$ref?.split('/').at(-1);
  const { additionalProperties: each } = schema;
  if (name !== undefined) return <a href={`#schema-${name}`}>{name}</a>;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices)
    return (
      <Joined
        parts={choices.map((one) => (
          <Type of={one} />
        ))}
        by=" | "
      />
    );
  if (schema.items)
    return (
      <>
        list of <Type of={schema.items} />
      </>
    );
  if (schema.enum ?? schema.const !== undefined)
    return <>{(schema.enum ?? [schema.const]).map((value) => JSON.stringify(value)).join(' | ')}</>;
  if (schema.properties) return <Joined parts={Object.entries(schema.properties).map(fieldOf)} by=", " around="{}" />;
  if (typeof each === 'object')
    return (
      <>
        any names, each: <Type of={each} />
      </>
    );
  return <>{schema.type ?? 'anything'}</>;
}

function fieldOf([name, schema]: readonly [string, Schema]): VNode {
  return (
    <>
      {name}: <Type of={schema} />
    </>
  );
}

interface JoinedProps {
  readonly parts: readonly VNode[];
  readonly by: string;
  readonly around?: string;
}

function Joined({ parts, by, around = '' }: JoinedProps): VNode {
  return (
    <>
      {around.slice(0, 1)}
      {parts.map((part, at) => (
        <>
          {at > 0 && by}
          {part}
        </>
      ))}
      {around.slice(1)}
    </>
  );
}

/** A schema that has a name: a table of its fields, or its type. */
export function NamedSchema({ name, schema }: { readonly name: string; readonly schema: Schema }): VNode {
  return (
    <section id={`schema-${name}`}>
      <h3>{name}</h3>
      {schema.description && (
        <p>
          <Text of={schema.description} />
        </p>
      )}
      {schema.properties ? (
        <Rows
          label={`Fields of ${name}`}
          columns={[{ title: 'field' }, { title: 'type' }, { title: 'meaning' }]}
          rows={Object.entries(schema.properties).map(([field, of]) => ({
            key: field,
            cells: [
              schema.required?.includes(field) ? field : `${field} (optional)`,
              <Type of={of} />,
              of.description && <Text of={of.description} />,
            ],
          }))}
        />
      ) : (
        <p>
          <Type of={schema} />
        </p>
      )}
    </section>
  );
}
