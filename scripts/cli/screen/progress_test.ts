import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ProgressDisplay, progressLine } from "./progress.ts";
import { widthOf } from "./width.ts";

const COUNTS = { bytes: 524_000_000, size: 1_240_000_000 };
const SPEED = 12_300_000;

Deno.test("progressLine() shows as much as fits", () => {
  const table: [columns: number, speed: number, who: string, string][] = [
    [
      200,
      SPEED,
      "",
      "████████████░░░░░░░░░░░░░░░░░░  42%  524.0 MB of 1.2 GB  12.3 MB/s  58 s left",
    ],
    [
      80,
      SPEED,
      "",
      "████████████░░░░░░░░░░░░░░░░░░  42%  524.0 MB of 1.2 GB  12.3 MB/s  58 s left",
    ],
    [
      80,
      SPEED,
      "3 receivers",
      "███████░░░░░░░░░░  42%  3 receivers  524.0 MB of 1.2 GB  12.3 MB/s  58 s left",
    ],
    [
      52,
      SPEED,
      "3 receivers",
      "█████░░░░░░░░  42%  524.0 MB of 1.2 GB  58 s left",
    ],
    [40, SPEED, "", "████████░░░░░░░░░░░░░  42%  58 s left"],
    [20, SPEED, "", " 42%  58 s left"],
    [17, SPEED, "", "42%"],
    [6, SPEED, "", "42%"],
    [5, SPEED, "", "4…"],
    [3, SPEED, "", ""],
    [40, 0, "", "█████░░░░░░░  42%  524.0 MB of 1.2 GB"],
    [20, 0, "", "█████░░░░░░░  42%"],
  ];
  for (const [columns, speed, who, expected] of table) {
    assertEquals(
      progressLine(COUNTS, speed, columns, who),
      expected,
      `${columns}`,
    );
  }
});

Deno.test("progressLine() shows the end, and nothing at all to send", () => {
  const all = { bytes: 5, size: 5 };
  assertEquals(
    progressLine(all, SPEED, 40),
    "████████████ 100%  5 bytes of 5 bytes",
  );
  assertEquals(progressLine({ bytes: 0, size: 0 }, 0, 20), "████████████ 100%");
});

Deno.test("progressLine() never reaches the last column, whatever the counts", () => {
  const size = fc.nat(10 ** 13);
  fc.assert(
    fc.property(size, fc.double(), fc.nat(10 ** 10), fc.nat(250), (
      size,
      part,
      speed,
      columns,
    ) => {
      const bytes = Math.floor(size * (Math.abs(part) % 1 || 0));
      const line = progressLine({ bytes, size }, speed, columns, "7 receivers");
      assert(line === "" || widthOf(line) < columns, line);
      assert(!/NaN|Infinity|undefined/.test(line), line);
    }),
  );
});

/** Runs `body` with a clock that it sets, in milliseconds. */
function withClock(body: (set: (ms: number) => void) => void): void {
  const { now } = performance;
  try {
    body((ms) => performance.now = () => ms);
  } finally {
    performance.now = now;
  }
}

Deno.test("ProgressDisplay draws one line for all transfers, at intervals, at the width of then", () => {
  const drawn: string[] = [];
  let columns = 80;
  const progress = new ProgressDisplay({
    draw: (line) => drawn.push(line),
    say: () => {},
    columns: () => columns,
  });
  withClock((set) => {
    set(1000);
    progress.update("a", "peer", { bytes: 0, size: 1000 });
    set(1099);
    progress.update("a", "peer", { bytes: 100, size: 1000 });
    set(1100);
    progress.update("b", "peer", { bytes: 500, size: 1000 });
    set(1200);
    columns = 40;
    progress.update("b", "peer", { bytes: 600, size: 1000 });
    progress.end("b");
    set(1300);
    progress.update("a", "peer", { bytes: 300, size: 1000 });
  });
  assertEquals(drawn, [
    "░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   0%  0 bytes of 1.0 KB",
    "█████░░░░░░░░░░░░░  30%  2 receivers  600 bytes of 2.0 KB  1.0 KB/s  1 s left",
    "███████░░░░░░░░░░░░░░░  35%  1 s left",
    "██████░░░░░░░░░░░░░░░░  30%  1 s left",
  ]);
});

Deno.test("ProgressDisplay says a line for each transfer every three seconds, where nothing can be drawn", () => {
  const said: string[] = [];
  const progress = new ProgressDisplay({
    draw: null,
    say: (text) => said.push(text),
    columns: () => 80,
  });
  withClock((set) => {
    for (let ms = 0; ms <= 6000; ms += 500) {
      set(ms);
      // What was there before does not count for the speed.
      progress.update(1, "192.168.1.7", { bytes: 5e6 + ms * 1000, size: 20e6 });
      if (ms >= 1000) {
        progress.update(2, "the relay", { bytes: ms, size: 20e6 });
      }
    }
  });
  assertEquals(said, [
    "192.168.1.7: 40%, 8.0 MB of 20.0 MB, 1.0 MB/s, 12 s left",
    "the relay: 0%, 4.0 KB of 20.0 MB, 1.0 KB/s, 5 h 33 min left",
    "192.168.1.7: 55%, 11.0 MB of 20.0 MB, 1.0 MB/s, 9 s left",
  ]);
});
