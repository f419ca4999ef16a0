import { Injectable, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { problem } from '@coldroom/api';

type Converter = NonNullable<
  NonNullable<Parameters<typeof SwaggerModule.createDocument>[2]>['standardSchemaConverter']
>;

/** The OpenAPI document of the application, composed from its controllers when it is first needed. */
@Injectable()
export class ApiDocument {
  private composed: OpenAPIObject | undefined;
  private app: INestApplication | undefined;

  of(app: INestApplication): void {
    this.app = app;
  }

  get(): OpenAPIObject {
    if (!this.app) throw new Error('the application is not known yet');
    return (this.composed ??= composeDocument(this.app));
  }
}

const version = '1';
/** Before each path of the document. */
const base = '/api/v1';

export function composeDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Coldroom')
    .setDescription('What the pages and the commands show and do. docs/api.md explains how to use it.')
    .setVersion(version)
    .addServer(`..${base.slice(base.lastIndexOf('/'))}`, 'The console that has this document')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'An access token (`coldroom tokens create`)' },
      'token',
    )
    .addCookieAuth(
      'coldroom.session',
      { type: 'apiKey', in: 'cookie', description: 'A person who is signed in' },
      'session',
    )
    .addSecurityRequirements('token')
    .addSecurityRequirements('session')
    .build();
  const { paths, components, ...rest } = SwaggerModule.createDocument(app, config, {
    ignoreGlobalPrefix: true,
    autoTagControllers: false,
    operationIdFactory: (controller, method) => `${controller.replace(/Api$/, '').toLowerCase()}.${method}`,
    standardSchemaConverter: converted,
  });
  const ours = Object.entries(paths)
    .filter(([path]) => path.startsWith(`${base}/`))
    .map(([path, operations]): [string, object] => [path.slice(base.length), operations]);
  const schemas = { ...components?.schemas, ...converted(problem, { schemaType: 'input' })?.components };
  return {
    ...rest,
    paths: Object.fromEntries(ours.sort(([one], [other]) => (one < other ? -1 : 1)).map(withFailures)),
    components: {
      ...components,
      schemas: Object.fromEntries(Object.entries(schemas).sort(([one], [other]) => (one < other ? -1 : 1))),
      responses: { Problem: failure },
    },
  } as OpenAPIObject;
}

const failure = {
  description: 'A failure: its `code` says which',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** Each operation can fail, and says it in the same form. */
function withFailures([path, operations]: [string, object]): [string, object] {
  const all = Object.entries(operations).map(([method, operation]) => [
    method,
    {
      ...operation,
      tags: [path.split('/')[1]],
      responses: { ...operation.responses, default: { $ref: '#/components/responses/Problem' } },
    },
  ]);
  return [path, Object.fromEntries(all)];
}

/**
 * OpenAPI 3.1 has the JSON Schema that zod writes; named schemas become components. The input of a schema is what is
 * sent, in both directions: answers are decoded by whoever gets them.
 */
const converted: Converter = (schema) => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { $defs, $schema, ...own } = z.toJSONSchema(schema, { io: 'input' });
  return { schema: own, components: $defs ?? {} };
};
