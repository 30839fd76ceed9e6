import { assertEquals } from "@std/assert";
import {
  formatBytes,
  formatCount,
  formatLeft,
  formatPast,
  formatPath,
  formatSpan,
  formatSpeed,
  formatTime,
} from "./format.ts";

Deno.test("formatBytes() says sizes as people do, up to each border", () => {
  const table: [number, string][] = [
    [0, "0 bytes"],
    [1, "1 byte"],
    [2, "2 bytes"],
    [999, "999 bytes"],
    [1000, "1.0 KB"],
    [1049, "1.0 KB"],
    [1051, "1.1 KB"],
    [999_949, "999.9 KB"],
    [999_950, "1.0 MB"],
    [999_999, "1.0 MB"],
    [1_000_000, "1.0 MB"],
    [16 * 1024 * 1024, "16.8 MB"],
    [999_949_999, "999.9 MB"],
    [999_950_000, "1.0 GB"],
    [999_949_999_999, "999.9 GB"],
    [999_950_000_000, "1.0 TB"],
    [2 ** 40, "1.1 TB"],
    [10 ** 16, "10000.0 TB"],
  ];
  for (const [bytes, text] of table) assertEquals(formatBytes(bytes), text);
});

Deno.test("formatCount() knows one from many", () => {
  const table: [number, string][] = [[0, "0 minutes"], [1, "1 minute"], [
    2,
    "2 minutes",
  ]];
  for (const [count, text] of table) {
    assertEquals(formatCount(count, "minute"), text);
  }
});

Deno.test("formatCount() takes a plural that is not made by an s", () => {
  assertEquals(formatCount(1, "memory", "memories"), "1 memory");
  assertEquals(formatCount(2, "memory", "memories"), "2 memories");
});

Deno.test("formatSpeed() says speeds, also those below a kilobyte", () => {
  const table: [number, string][] = [
    [0.4, "0 B/s"],
    [999.4, "999 B/s"],
    [999.6, "1.0 KB/s"],
    [12_345_678, "12.3 MB/s"],
  ];
  for (const [speed, text] of table) assertEquals(formatSpeed(speed), text);
});

Deno.test("formatSpan() says spans by their largest units, up to each border", () => {
  const table: [seconds: number, string][] = [
    [-5, "0 s"],
    [0.4, "0 s"],
    [59.4, "59 s"],
    [59.6, "1 min"],
    [89, "1 min"],
    [90, "2 min"],
    [59 * 60 + 29, "59 min"],
    [59 * 60 + 30, "1 h"],
    [3 * 3600 + 5 * 60, "3 h 5 min"],
    [24 * 3600 - 31, "23 h 59 min"],
    [24 * 3600, "1 day"],
    [60 * 3600, "3 days"],
  ];
  for (const [seconds, text] of table) {
    assertEquals(formatSpan(seconds * 1000), text, String(seconds));
  }
});

/** A local time on a day of 2026; days below 1 are of the month before. */
function at(day: number, hours: number, minutes = 0, seconds = 0): Date {
  return new Date(2026, 10, day, hours, minutes, seconds);
}

Deno.test("formatTime() says local times, and the day unless it is today", () => {
  const now = at(24, 13, 40);
  const table: [Date, string][] = [
    [at(24, 0, 0), "00:00"],
    [at(24, 14, 9), "14:09"],
    [at(24, 23, 59, 59), "23:59"],
    [at(25, 0, 5), "tomorrow 00:05"],
    [at(23, 23, 59), "yesterday 23:59"],
    [at(22, 9, 5), "Nov 22 09:05"],
    [at(26, 9, 5), "Nov 26 09:05"],
    [at(0, 9, 5), "Oct 31 09:05"],
    [new Date(2025, 11, 31, 9, 5), "Dec 31 2025 09:05"],
  ];
  for (const [date, text] of table) assertEquals(formatTime(date, now), text);
});

Deno.test("formatPast() says how long ago, and the time once that is long", () => {
  const now = at(24, 13, 40);
  const table: [Date, string][] = [
    [at(24, 13, 40), "just now"],
    [at(24, 13, 39, 51), "just now"],
    [at(24, 13, 39, 50), "10 s ago"],
    [at(24, 13, 37), "3 min ago"],
    [at(24, 1, 40, 1), "12 h ago"],
    [at(24, 1, 40), "01:40"],
    [at(23, 16, 9), "yesterday 16:09"],
    // A clock that was set back, or another machine's.
    [at(24, 13, 40, 9), "just now"],
    [at(24, 13, 50), "13:50"],
  ];
  for (const [date, text] of table) assertEquals(formatPast(date, now), text);
});

Deno.test("formatLeft() says how long something lasts, and until when", () => {
  const now = at(24, 13, 40);
  const table: [Date, string][] = [
    [at(24, 14, 9), "29 min left (14:09)"],
    [at(25, 13, 40), "1 day left (tomorrow 13:40)"],
    [at(24, 13, 39), "0 s left (13:39)"],
  ];
  for (const [date, text] of table) assertEquals(formatLeft(date, now), text);
});

Deno.test("formatPath() writes one word of a shell, in which nothing steers a terminal", () => {
  const table: [string, string][] = [
    ["a/b-c_d.md", "a/b-c_d.md"],
    ["wss://relay.example.org:9784/a", "wss://relay.example.org:9784/a"],
    ["wss://h.example/r?key=a&b=$(id)", "'wss://h.example/r?key=a&b=$(id)'"],
    ["[fe80::1%eth0]:9783", "'[fe80::1%eth0]:9783'"],
    ["a b", "'a b'"],
    ["it's $HOME", String.raw`'it'\''s $HOME'`],
    ["a\x1b[2Jb", String.raw`'a'$'\033''[2Jb'`],
    ["a\u202eb", String.raw`'a'$'\342\200\256''b'`],
    ["'\n", String.raw`''\'''$'\012'''`],
  ];
  for (const [path, word] of table) assertEquals(formatPath(path), word);
});
