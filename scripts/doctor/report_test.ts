/** The report on terminals of different widths. */

import { assert, assertEquals } from "@std/assert";
import { widthOf } from "../cli/screen/width.ts";
import type { CheckFinding } from "./finding.ts";
import { format } from "./report.ts";

const FINDING: CheckFinding = {
  check: "firewall",
  state: "hint",
  text: "ufw is switched on; its rules were not checked",
  details: ["partial download, 1.2 MB: /home/alex/b", "한글 é\x1b[31m"],
  todo: "If machines do not find each other: sudo ufw allow 5353/udp",
};

const shown = (columns: number | null) =>
  format(FINDING, { columns, dim: (text) => text }, "/home/alex");

// Fails when the subject does not move above the text, or a line is too wide.
Deno.test("format() puts the text below its subject, where the terminal is narrow", () => {
  assertEquals(
    shown(40),
    `hint     firewall
  ufw is switched on; its rules were not
  checked
  partial download, 1.2 MB: ~/b
  한글 é [31m
  -> If machines do not find each
    other: sudo ufw allow 5353/udp`,
  );
});

// Fails when columns do not line up, or text is broken without a terminal.
Deno.test("format() lines the texts up, and breaks nothing without a terminal", () => {
  assertEquals(
    shown(null),
    `hint     firewall   ufw is switched on; its rules were not checked
                    partial download, 1.2 MB: ~/b
                    한글 é [31m
                    -> If machines do not find each other: sudo ufw allow 5353/udp`,
  );
  for (const columns of [40, 59, 60, 80, 200]) {
    for (const line of shown(columns).split("\n")) {
      assert(widthOf(line) <= columns, `${columns}: ${line}`);
    }
  }
});
