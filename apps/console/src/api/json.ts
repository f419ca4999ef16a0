/** A value as it is in JSON: 64-bit numbers and times are strings. */
export type Json<T> = T extends bigint | Date
  ? string
  : T extends readonly (infer Each)[]
    ? readonly Json<Each>[]
    : T extends object
      ? { readonly [Key in keyof T]: Json<T[Key]> }
      : T;

/** 64-bit numbers as strings: JavaScript's JSON would round them. */
export function toJson<T>(value: T): Json<T> {
  return JSON.parse(
    JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each)),
  ) as Json<T>;
}
