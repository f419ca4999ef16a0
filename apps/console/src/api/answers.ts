import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';

interface Operation<Answer extends z.ZodType> {
  /** One line, for the list of operations. */
  readonly summary: string;
  /** What else a caller has to know. */
  readonly description?: string;
  readonly answer: Answer;
  /** Each status of an answer that is no failure, and when it is given. Without it, 200. */
  readonly statuses?: Readonly<Record<number, string>>;
}

/** What is sent, before whoever gets it decodes it. */
type Sent<Answer extends z.ZodType> = ReadonlyIn<z.input<Answer>>;

type ReadonlyIn<T> = T extends (infer Each)[]
  ? readonly ReadonlyIn<Each>[]
  : T extends object
    ? { readonly [Key in keyof T]: ReadonlyIn<T[Key]> }
    : T;

type Method<Result> = <Handler extends (...given: never[]) => Promise<Result>>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void;

/**
 * Describes an operation of the REST API. The compiler compares what the method answers with the schema, and
 * `answers.spec.ts` compares real answers with the document.
 */
export function Answers<Answer extends z.ZodType>({
  summary,
  description,
  answer,
  statuses = { 200: 'OK' },
}: Operation<Answer>): Method<Sent<Answer>> {
  return applyDecorators(
    ApiOperation({ summary, ...(description !== undefined && { description }) }),
    ...Object.entries(statuses).map(([status, when]) =>
      ApiResponse({ status: Number(status), description: when, standardSchema: answer }),
    ),
  ) as Method<Sent<Answer>>;
}
