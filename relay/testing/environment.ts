/**
 * The environment of a relay in tests and benchmarks.
 *
 * @module
 */

import { environmentOf } from "../environment.ts";
import type { Environment } from "../server/front.ts";

/** An environment of this process, without the time that counting its free files takes. */
export function testEnvironment(
  log: (line: Record<string, unknown>) => void = () => {},
): Environment {
  return { ...environmentOf("0.0.0", log), countFreeFiles: (most) => most };
}
