/**
 * Typed front of `@std/assert`, for tests.
 *
 * The `deno-std` package holds the same files without their types.
 *
 * @module
 */

import { assert as untypedAssert } from "deno-std/assert/assert.js";
import { assertEquals as untypedEquals } from "deno-std/assert/equals.js";
import { assertRejects as untypedRejects } from "deno-std/assert/rejects.js";
import { assertStringIncludes as untypedIncludes } from "deno-std/assert/string_includes.js";
import { assertThrows as untypedThrows } from "deno-std/assert/throws.js";

// deno-lint-ignore no-explicit-any -- the signature of @std/assert: any error class
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Throws unless `condition` is truthy. */
export const assert: (
  condition: unknown,
  message?: string,
) => asserts condition = untypedAssert;

/** Throws with a diff unless both values are deeply equal. */
export const assertEquals: <T>(
  actual: T,
  expected: T,
  message?: string,
) => void = untypedEquals;

/** Throws unless `actual` contains `expected`. */
export const assertStringIncludes: (
  actual: string,
  expected: string,
  message?: string,
) => void = untypedIncludes;

/** Runs `fn` and returns what it threw; throws if that was nothing, or of another class. */
export const assertThrows: <E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  messageIncludes?: string,
) => E = untypedThrows;

/** Runs `fn` and returns what it rejected with; rejects if it did not, or with another class. */
export const assertRejects: <E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  messageIncludes?: string,
) => Promise<E> = untypedRejects;
