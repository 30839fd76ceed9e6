/**
 * Typed front of `@std/path`, which follows the system: `\` on Windows, `/` elsewhere.
 *
 * The `deno-std` package holds the same files without their types.
 *
 * @module
 */

import { basename as untypedBasename } from "deno-std/path/basename.js";
import { dirname as untypedDirname } from "deno-std/path/dirname.js";
import { isAbsolute as untypedIsAbsolute } from "deno-std/path/is_absolute.js";
import { join as untypedJoin } from "deno-std/path/join.js";
import { normalize as untypedNormalize } from "deno-std/path/normalize.js";
import { relative as untypedRelative } from "deno-std/path/relative.js";
import { resolve as untypedResolve } from "deno-std/path/resolve.js";

/** The last part of a path. */
export const basename: (path: string) => string = untypedBasename;

/** The folder that contains a path. */
export const dirname: (path: string) => string = untypedDirname;

/** Whether a path is absolute. */
export const isAbsolute: (path: string) => boolean = untypedIsAbsolute;

/** Joins parts into a path and normalizes it. */
export const join: (...parts: string[]) => string = untypedJoin;

/** Removes `.`, `..` and empty parts, as far as possible without reading the disk. */
export const normalize: (path: string) => string = untypedNormalize;

/** The relative path from one folder to another path. */
export const relative: (from: string, to: string) => string = untypedRelative;

/** An absolute path: follows the parts one after another, starting at the working folder. */
export const resolve: (...parts: string[]) => string = untypedResolve;
