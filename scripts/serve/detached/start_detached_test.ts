import { assertRejects } from "@std/assert";
import { SpreadError } from "../../../lib/errors.ts";
import { startDetached } from "./start_detached.ts";

Deno.test("startDetached() starts nothing once the user has stopped it", async () => {
  const signal = AbortSignal.abort(new SpreadError("INTERRUPTED", "Stopped"));
  const never = () => Promise.reject(new Error("It was started"));
  const detaching = {
    feed: never,
    terminal: { warn() {} },
    isReady: never,
    signal,
  };
  await assertRejects(
    () => startDetached(["--version"], detaching),
    SpreadError,
    "Stopped",
  );
});
