import { BadRequestException, StandardSchemaValidationPipe } from '@nestjs/common';

/** Checks what a method of the API takes with the schema that its parameter names. */
export const inputPipe = new StandardSchemaValidationPipe({
  exceptionFactory: ([issue]) => {
    const at = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return new BadRequestException(`${at || 'the request'}: ${issue?.message}`);
  },
});
