import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { parseAddress } from "./address.ts";

Deno.test("parseAddress() takes names, IPv4, and IPv6 in brackets", () => {
  const table: [string, string, number][] = [
    ["192.168.1.5:41234", "192.168.1.5", 41_234],
    ["localhost:1", "localhost", 1],
    ["my-mac.local:65535", "my-mac.local", 65_535],
    ["[::1]:80", "::1", 80],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
    ["[fe80::1%3]:80", "fe80::1%3", 80],
    ["[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1", 80],
    ["host:00080", "host", 80],
  ];
  for (const [text, hostname, port] of table) {
    assertEquals(parseAddress(text), { hostname, port });
  }
});

Deno.test("parseAddress() refuses everything else", () => {
  const refused = [
    "",
    ":80",
    "host",
    "host:",
    "host:0",
    "host:65536",
    "host:080000",
    "host:-1",
    "host:80x",
    "host: 80",
    "ho st:80",
    "::1:80",
    "[::1]",
    "[::1]80",
    "[host]:80",
    "[fe80::1%]:80",
    "[fe80::1%eth 0]:80",
    "http://host:80",
    "host:80/path",
    "host:80\n",
    "host:1:2",
  ];
  for (const text of refused) {
    const error = assertThrows(() => parseAddress(text), SpreadError);
    assertEquals(error.code, "USAGE", text);
  }
});
