import { assert, assertEquals } from "@std/assert";
import type { Report } from "./testing/soak.ts";

const SECONDS = 25;
const LIMIT_MS = 60_000;

/** Most memory that the second half of a run may add: less than a tenth of its traffic. */
const MAX_GROWTH_BYTES = 48 * 1024 * 1024;

async function soak(seed: number): Promise<Report> {
  const script = new URL("./testing/soak.ts", import.meta.url);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      script.href,
      String(SECONDS),
      String(seed),
    ],
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("RelayServer stays in order and in its memory among clients of every kind", async () => {
  const report = await soak(20260106);
  const { faults, rooms, peers, bufferedBytes, isServing } = report;
  assertEquals({ faults, rooms, peers, bufferedBytes, isServing }, {
    faults: [],
    rooms: 0,
    peers: 0,
    bufferedBytes: 0,
    isServing: true,
  });
  for (
    const kind of [
      "good",
      "fragmenting",
      "vanishing",
      "impatient",
      "breaking",
      "deaf",
    ]
  ) {
    assert(report.finished[kind]! > 0, `nobody was ${kind}`);
  }
  assert(report.finished.good! >= 20, JSON.stringify(report.finished));
  const grownBytes = report.endRssBytes - report.middleRssBytes;
  assert(grownBytes < MAX_GROWTH_BYTES, `${grownBytes} bytes more`);
});
