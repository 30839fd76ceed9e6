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

/** The folder that a path is in. */
export const dirname: (path: string) => string = untypedDirname;

/** Whether a path means the same from every folder. */
export const isAbsolute: (path: string) => boolean = untypedIsAbsolute;

/** Joins parts to a path, and normalizes it. */
export const join: (...parts: string[]) => string = untypedJoin;

/** A path without `.`, `..` and empty parts, as far as they can be told without the disk. */
export const normalize: (path: string) => string = untypedNormalize;

/** The way from one folder to a path. */
export const relative: (from: string, to: string) => string = untypedRelative;

/** An absolute path: the parts are followed one after another, from the working folder on. */
export const resolve: (...parts: string[]) => string = untypedResolve;
