/**
 * Typed front of `@std/yaml`.
 *
 * The `deno-std` package holds the same files without their types.
 *
 * @module
 */

import { parse as untypedParse } from "deno-std/yaml/parse.js";
import { stringify as untypedStringify } from "deno-std/yaml/stringify.js";

/** Types of values that YAML may hold; `core` has neither dates nor binary data. */
type Schema = "core" | "default" | "extended" | "failsafe" | "json";

/** Reads one document; throws unless it is exactly that. */
export const parse: (
  text: string,
  options?: { schema?: Schema; allowDuplicateKeys?: boolean },
) => unknown = untypedParse;

/** Writes a value as a document. `lineWidth` −1 breaks no line. */
export const stringify: (
  value: unknown,
  options?: { schema?: Schema; lineWidth?: number; useAnchors?: boolean },
) => string = untypedStringify;
