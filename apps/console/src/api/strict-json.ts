import { BadRequestException, type RawBodyRequest } from '@nestjs/common';
import type { NextFunction, Request } from 'express';

const mostDepth = 20;
const unsafeKeys = ['__proto__', 'constructor', 'prototype'];
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/** Refuses JSON that programs read differently; comes after the body was read. */
export function strictJson(request: RawBodyRequest<Request>, _response: unknown, next: NextFunction): void {
  if (request.rawBody && request.is('application/json')) refuseAmbiguousJson(request.rawBody.toString());
  next();
}

/**
 * Refuses what `JSON.parse` accepts but programs read differently: a key twice in one object, numbers beyond the range,
 * and keys of prototypes.
 */
export function refuseAmbiguousJson(text: string): void {
  const keys: (Set<string> | undefined)[] = [];
  const found = [...text.matchAll(tokens)].map(([token]) => token);
  for (const [at, token] of found.entries()) {
    if (token === '{' || token === '[') keys.push(token === '{' ? new Set() : undefined);
    else if (token === '}' || token === ']') keys.pop();
    else if (found[at + 1] === ':') refuseKey(token, keys.at(-1));
    else if (/^[-\d]/.test(token) && !Number.isFinite(Number(token)))
      throw new BadRequestException(`the body: the number ${token.slice(0, 40)} is too large`);
    if (keys.length > mostDepth)
      throw new BadRequestException(`the body: values are nested more than ${mostDepth} deep`);
  }
}

function refuseKey(token: string, before: Set<string> | undefined): void {
  const key = JSON.parse(token) as string; // two spellings of one key are one key
  if (unsafeKeys.includes(key)) throw new BadRequestException(`the body: the field ${key} is not allowed`);
  if (before?.has(key)) throw new BadRequestException(`the body: the field ${key.slice(0, 100)} is there twice`);
  before?.add(key);
}
