import { assertEquals, assertThrows } from "@std/assert";
import { type Bytes, utf8 } from "../bytes.ts";
import {
  type Announcement,
  describe,
  nameHost,
  nameInstance,
  readInstance,
  readLocation,
  readTxt,
  withdraw,
} from "./dns_records.ts";

const SHARE: Announcement = {
  instance: "claude-distill-0badcafe",
  port: 4711,
  kind: "memory",
  from: "ada@engine",
};
const NAME = "claude-distill-0badcafe._claude-distill._tcp.local";
const HOST = "claude-spread-00000001.local";

/** Tag of a pair. */
const TAG = "0123456789abcdef";

const fill = (bytes: Bytes) => {
  bytes.set([0, 0xab, 0x01, 0xff]);
  return bytes;
};
const txt = (...items: string[]) => readTxt(items.map(utf8));

Deno.test("nameInstance() has eight hex digits, when the bytes are small", () => {
  assertEquals(nameInstance(fill), "claude-distill-00ab01ff");
});

Deno.test("nameHost() is a local name, when the bytes are small", () => {
  assertEquals(nameHost(fill), "claude-spread-00ab01ff.local");
});

Deno.test("describe() names type, share, host and addresses, when both families are there", () => {
  const records = describe(SHARE, HOST, ["192.0.2.7", "fe80::7"]);
  const unique = { ttl: 120, flush: true };
  assertEquals(records, [
    {
      name: "_services._dns-sd._udp.local",
      type: "PTR",
      ttl: 120,
      data: "_claude-distill._tcp.local",
    },
    { name: "_claude-distill._tcp.local", type: "PTR", ttl: 120, data: NAME },
    { ...unique, name: NAME, type: "SRV", data: { port: 4711, target: HOST } },
    {
      ...unique,
      name: NAME,
      type: "TXT",
      data: ["v=2", "kind=memory", "from=ada@engine"],
    },
    { ...unique, name: HOST, type: "A", data: "192.0.2.7" },
    { ...unique, name: HOST, type: "AAAA", data: "fe80::7" },
  ]);
});

for (const [address, type] of [["192.0.2.7", "A"], ["fe80::7", "AAAA"]]) {
  Deno.test(`describe() says that there is nothing else, when there is only ${type}`, () => {
    const last = describe(SHARE, HOST, [address!, address!]).pop()!;
    assertEquals([last.name, last.type], [HOST, "NSEC"]);
    assertEquals(last.data, { nextDomain: HOST, rrtypes: [type] });
  });
}

Deno.test("describe() says nothing of the sender, when that is to stay private", () => {
  const { from: _, ...anonymous } = SHARE;
  const record = describe(anonymous, HOST, []).find((r) => r.type === "TXT")!;
  assertEquals(record.data, ["v=2", "kind=memory"]);
});

for (const port of [0, -1, 65536, 1.5, NaN]) {
  Deno.test(`describe() throws, when the port is ${port}`, () => {
    assertThrows(() => describe({ ...SHARE, port }, HOST, []), RangeError);
  });
}

for (const instance of ["", "other-0badcafe", "claude-distill-a.b"]) {
  Deno.test(`describe() throws, when the instance is "${instance}"`, () => {
    assertThrows(() => describe({ ...SHARE, instance }, HOST, []), TypeError);
  });
}

Deno.test("withdraw() leaves the type to others, when it takes the share back", () => {
  const records = withdraw(describe(SHARE, HOST, ["192.0.2.7"]));
  assertEquals(
    records.map(({ name, type, ttl }) => `${name} ${type} ${ttl}`),
    [
      "_claude-distill._tcp.local PTR 0",
      `${NAME} SRV 0`,
      `${NAME} TXT 0`,
      `${HOST} A 0`,
      `${HOST} NSEC 0`,
    ],
  );
});

for (
  const [name, expected] of [
    [NAME, "claude-distill-0badcafe"],
    [NAME.toUpperCase().replace("CLAUDE", "claude"), null],
    [
      "claude-distill-ab._Claude-Distill._TCP.Local",
      "claude-distill-ab",
    ],
    [
      "claude-distill-ab #2._claude-distill._tcp.local",
      "claude-distill-ab #2",
    ],
    [
      "claude-distill-ab (2)._claude-distill._tcp.local",
      "claude-distill-ab (2)",
    ],
    [
      `claude-distill-${"x".repeat(40)}._claude-distill._tcp.local`,
      "claude-distill-" + "x".repeat(40),
    ],
    [`claude-distill-${"x".repeat(41)}._claude-distill._tcp.local`, null],
    ["claude-distill-._claude-distill._tcp.local", null],
    ["claude-distill-a.b._claude-distill._tcp.local", null],
    ["claude-distill-a\u001b[2J._claude-distill._tcp.local", null],
    ["claude-distill-a\n._claude-distill._tcp.local", null],
    ["claude-distill-\u202eab._claude-distill._tcp.local", null],
    ["printer._claude-distill._tcp.local", null],
    ["claude-distill-ab._ipp._tcp.local", null],
    ["_claude-distill._tcp.local", null],
    [".", null],
    ["", null],
    [undefined, null],
    [42, null],
  ] as const
) {
  Deno.test(`readInstance() gives ${expected}, when the name is ${JSON.stringify(name)}`, () => {
    assertEquals(readInstance(name), expected);
  });
}

for (
  const [port, target, isGood] of [
    [1, "host.local", true],
    [65535, "a-b_c.local", true],
    [0, "host.local", false],
    [65536, "host.local", false],
    ["80", "host.local", false],
    [80, ".", false],
    [80, "", false],
    [80, "a..local", false],
    [80, "a b.local", false],
    [80, "a\u0000.local", false],
    [80, `${"x".repeat(63)}.local`, true],
    [80, `${"x".repeat(64)}.local`, false],
    [80, `${"x.".repeat(126)}x`, true],
    [80, `${"x.".repeat(127)}x`, false],
    [80, undefined, false],
  ] as const
) {
  Deno.test(`readLocation() ${isGood ? "takes" : "refuses"} port ${port}, when the host is ${JSON.stringify(target)?.slice(0, 20)}`, () => {
    const expected = isGood ? { port, host: target } : null;
    assertEquals(readLocation({ port, target }) as unknown, expected);
  });
}

Deno.test("readLocation() refuses, when there is no data", () => {
  assertEquals(readLocation(undefined), null);
  assertEquals(readLocation(null), null);
});

Deno.test("readTxt() reads what describe() wrote, when nothing was changed", () => {
  const record = describe(SHARE, HOST, []).find((r) => r.type === "TXT")!;
  assertEquals(txt(...record.data as string[]), {
    protocol: 2,
    kind: "memory",
    from: "ada@engine",
  });
});

Deno.test("describe() shows nothing of a share for pairs but their tags", () => {
  const to = [TAG, "f".repeat(16)];
  const { instance, port } = SHARE;
  const records = describe({ instance, port, to }, HOST, ["192.0.2.7"]);
  const data = records.find(({ type }) => type === "TXT")!.data as string[];
  assertEquals(data, ["v=2", `to=${to}`]);
  assertEquals(txt(...data), { protocol: 2, to });
});

Deno.test("readTxt() reads the room that describe() wrote", () => {
  const records = describe({ ...SHARE, room: "k7m2xq" }, HOST, []);
  const record = records.find((r) => r.type === "TXT")!;
  assertEquals(txt(...record.data as string[]).room, "k7m2xq");
});

for (
  const [items, expected] of [
    [[], { protocol: 1 }],
    [[""], { protocol: 1 }],
    [["v=1"], { protocol: 1 }],
    [["v"], { protocol: 1 }],
    [["v=2"], { protocol: 2 }],
    [["v=22"], { protocol: 1 }],
    [["v=2", "kind=evil"], { protocol: 2 }],
    [["v=2", "kind=session"], { protocol: 2, kind: "session" }],
    [["from=a=b"], { protocol: 1, from: "a=b" }],
    [["from="], { protocol: 1 }],
    [["v=2", "room=k7m2xq"], { protocol: 2, room: "k7m2xq" }],
    [["v=2", "room=K7M2XQ"], { protocol: 2 }],
    [["v=2", "room=k7m2x_"], { protocol: 2 }],
    [["v=2", "room=k7m2xqq"], { protocol: 2 }],
    [["v=2", "room="], { protocol: 2 }],
    [["v=2", `to=${TAG}`], { protocol: 2, to: [TAG] }],
    [["v=2", `to=${Array(8).fill(TAG)}`], {
      protocol: 2,
      to: Array(8).fill(TAG),
    }],
    [["v=2", `to=${Array(9).fill(TAG)}`], { protocol: 2 }],
    [["v=2", `to=${TAG},`], { protocol: 2 }],
    [["v=2", `to=${TAG.toUpperCase()}`], { protocol: 2 }],
    [["v=2", `to=${TAG}0`], { protocol: 2 }],
    [["v=2", "to="], { protocol: 2 }],
    [["__proto__=x", "constructor=y"], { protocol: 1 }],
  ] as const
) {
  Deno.test(`readTxt() gives ${JSON.stringify(expected)}, when told ${JSON.stringify(items)}`, () => {
    assertEquals(txt(...items) as unknown, expected);
  });
}

for (
  const [from, expected] of [
    ["  ada \t", "ada"],
    ["a\u001b[31md\u0007a\u0000", "a[31mda"],
    ["a\r\nb", "ab"],
    ["a\u202eb\u2066c\ufeff\u200bd", "abcd"],
    ["a\u2028b\u2029c\u0085d", "abcd"],
    ["ünï@号", "ünï@号"],
    ["x".repeat(128), "x".repeat(128)],
    ["x".repeat(129), "x".repeat(128)],
    ["😀".repeat(64), "😀".repeat(62)],
    ["号".repeat(84), "号".repeat(83)],
    ["\u0007\u0000", undefined],
  ] as const
) {
  Deno.test(`readTxt() cleans the sender, when told ${JSON.stringify(from).slice(0, 24)} (${from.length})`, () => {
    assertEquals(txt(`from=${from}`).from, expected);
  });

  Deno.test(`describe() cleans the sender, when told ${JSON.stringify(from).slice(0, 24)} (${from.length})`, () => {
    const records = describe({ ...SHARE, from }, HOST, []);
    const { data } = records.find((r) => r.type === "TXT")!;
    const [, , item] = data as string[];
    assertEquals(
      item,
      expected === undefined ? undefined : `from=${expected}`,
    );
  });
}

Deno.test("readTxt() finds nothing, when there is no list of strings", () => {
  for (const data of [undefined, null, "v=2", {}, ["v=2"], [null]]) {
    assertEquals(readTxt(data), { protocol: 1 });
  }
});
