import { assertEquals } from "@std/assert";
import type { Kind } from "../../lib/payload.ts";
import { parseFlags } from "../cli/flags.ts";
import { parseServeArgs, settleOptions } from "./options.ts";

Deno.test("settleOptions() ends a share of sessions with the first receiver, unless a time is given", async () => {
  const settled = async (args: string[], kind: Kind) => {
    const { once, keepOpenMin } = settleOptions(
      await parseServeArgs(parseFlags("serve", args), () => undefined),
      kind,
    );
    return [once, keepOpenMin];
  };
  assertEquals(await settled([], "distillation"), [false, 30]);
  assertEquals(await settled(["--once"], "memory"), [true, 30]);
  assertEquals(await settled([], "session"), [true, 30]);
  assertEquals(await settled(["--keep-open", "5"], "session"), [false, 5]);
  assertEquals(await settled(["--keep-open", "30"], "session"), [false, 30]);
});
