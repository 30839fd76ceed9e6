/**
 * Whom the commands refuse, and what they say then: passphrases, networks, command lines.
 * Payloads and places that are refused are in `payload_refusals_test.ts`.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BytesPayload } from "../../lib/payload/source.ts";
import { Share } from "../../lib/protocol/share.ts";
import { listenTcp } from "../../lib/transports/tcp.ts";
import {
  assertFailure,
  assertSuccess,
  forEach,
  Machine,
  uniquePassphrase,
} from "./_cli.ts";
import { Loopback, startDecoy, whyNoLoopback } from "./_isolation.ts";
import { Proxy } from "./_proxy.ts";

const noLoopback = await whyNoLoopback();

/** Shares a document and hands it to `test` with its passphrase. */
async function shared(
  test: (
    machine: Machine,
    sharing: Awaited<ReturnType<Machine["share"]>>,
    passphrase: string,
  ) => Promise<void>,
): Promise<void> {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const file = await machine.write("a.md", "Body");
  await using sharing = await machine.share([passphrase, file]);
  await test(machine, sharing, passphrase);
  assertEquals(await machine.kept(), []);
  assertEquals(await machine.works(), ["a.md"]);
}

const REFUSED =
  "Cannot confirm the other side: the passphrase is not the same, or someone interferes";

Deno.test("receive is refused after three wrong passphrases, even with the right one", async () => {
  await shared(async (machine, sharing, passphrase) => {
    const receive = (typed: string) =>
      machine.run("receive", [
        "--json",
        "--output",
        machine.path("out.md"),
        typed,
        sharing.address,
      ]);
    for (let count = 1; count <= 3; count++) {
      assertFailure(
        await receive(`wrong ${count}`),
        "PASSPHRASE_REFUSED",
        REFUSED,
        "Compare the passphrase with the other side, letter by letter",
      );
      const refused = await sharing.event("refused");
      assertEquals(refused.error, "PASSPHRASE_REFUSED");
    }
    assertFailure(
      await receive(passphrase),
      "TOO_MANY_GUESSES",
      "The sender no longer answers: too many wrong passphrases",
      "Ask the sender to share again, with a new passphrase",
    );
    assertEquals((await sharing.event("refused")).error, "TOO_MANY_GUESSES");
    const { code, stderr } = await sharing.stop();
    assertEquals(code, 130);
    for (let count = 1; count <= 3; count++) {
      assertStringIncludes(stderr, `(wrong passphrase ${count} of 3)`);
    }
  });
});

Deno.test({
  name: "serve ends after ten wrong passphrases in total, and says so",
  // Only Linux lets one come from any address of 127.0.0.0/8.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await shared(async (machine, sharing, passphrase) => {
      await using stack = new AsyncDisposableStack();
      const froms = [2, 3, 4, 5].map((host) => `127.0.0.${host}`);
      const proxies = froms.map((from) =>
        stack.use(new Proxy({ port: sharing.port, from }))
      );
      // A receiver with the right passphrase does not use up guesses.
      const right = await machine.run("receive", [
        passphrase,
        proxies[3]!.address,
      ]);
      assertEquals(right.text, "Body\n");
      const guesses = Array.from({ length: 10 }, (_, i) => proxies[i % 4]!);
      await forEach(guesses, async ({ address }) => {
        assertFailure(
          await machine.run("receive", ["wrong", address]),
          "PASSPHRASE_REFUSED",
          REFUSED,
        );
      });
      assertFailure(
        await sharing.ended,
        "TOO_MANY_GUESSES",
        "The share has ended: 10 wrong passphrases were tried",
        "Share again with a new passphrase, and tell it to nobody else",
      );
    });
  },
});

Deno.test({
  name: "receive says what to check, when nobody shares",
  ignore: noLoopback !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    await using machine = await Machine.make();
    await using _memory = await startDecoy(loopback, "closed", "memory");
    const start = performance.now();
    const received = await machine.run("receive", [
      "--json",
      "--output",
      machine.path("out.md"),
      "--timeout",
      "1",
      "pass",
    ], { via: loopback.via });
    assert(performance.now() - start < 3_000);
    assertFailure(
      received,
      "NO_SENDER",
      "No sender was found on the local network within 1 second",
      "same network",
    );
    assert(/ within 1 second$/m.test(received.stderr), received.stderr);
    for (const check of ["still shares", "UDP port 5353", "host:port"]) {
      assertStringIncludes(received.stderr, check);
    }
    assertEquals(await machine.kept(), []);
    assertEquals(await machine.works(), []);
  },
});

for (const way of ["closed", "deaf"] as const) {
  Deno.test({
    name:
      `receive names the port that the firewall has to let in, when the sender's is ${way}`,
    ignore: noLoopback !== null,
    fn: async () => {
      await using loopback = await Loopback.make();
      await using machine = await Machine.make();
      await using decoy = await startDecoy(loopback, way, "distillation");
      assertFailure(
        await machine.run("receive", [
          "--json",
          "--output",
          machine.path("out.md"),
          "pass",
        ], { via: loopback.via }),
        "UNREACHABLE",
        `Cannot connect to 127.0.0.1:${decoy.port}`,
        `its firewall lets TCP port ${decoy.port} in`,
      );
    },
  });
}

Deno.test("receive says so, when nobody listens at the address given", async () => {
  await using machine = await Machine.make();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  assertFailure(
    await machine.run("receive", ["pass", `127.0.0.1:${port}`]),
    "UNREACHABLE",
    `Cannot connect to 127.0.0.1:${port}`,
    `TCP port ${port}`,
  );
});

Deno.test("receive says so, when something else listens at the address given", async () => {
  await using machine = await Machine.make();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const greetings = ["HTTP/1.1 400 Bad Request\r\n\r\n", "", "\0\0\0\x01x"];
  const serving = (async () => {
    for await (const conn of listener) {
      const greeting = greetings[0] ?? "";
      await conn.write(new TextEncoder().encode(greeting)).catch(() => {});
      conn.close();
    }
  })();
  const codes = ["FRAME_TOO_LARGE", "PEER_GONE", "BAD_MESSAGE"] as const;
  for (const code of codes) {
    const received = await machine.run("receive", [
      "--json",
      "--output",
      machine.path("out.md"),
      "pass",
      `127.0.0.1:${port}`,
    ]);
    assertFailure(received, code, "", "host and port");
    greetings.shift();
  }
  listener.close();
  await serving;
});

Deno.test("receive refuses a memory, when it waits for a distillation", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const source = new BytesPayload(new TextEncoder().encode("{}"));
  const { size, sha256 } = source;
  const created = new Date().toISOString();
  const offer = { kind: "memory", name: "m", size, sha256, created } as const;
  const share = new Share({
    passphrase,
    roomCode: "",
    offer,
    source,
    legacy: false,
    fillRandom: (bytes) => crypto.getRandomValues(bytes),
  });
  using listener = listenTcp({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    const { value } = await listener[Symbol.asyncIterator]().next();
    return await share.serve(value, { confirmed() {}, progress() {} })
      .catch((error) => error.message);
  })();
  const received = await machine.run("receive", [
    passphrase,
    `127.0.0.1:${listener.port}`,
  ]);
  assertFailure(
    received,
    "PAYLOAD_UNWANTED",
    "The sender shares a memory, not a distillation",
    "Use the command for that kind",
  );
  assertEquals(
    await served,
    "The receiver did not take the payload: it waits for another kind of payload",
  );
  assertEquals(await machine.kept(), []);
});

Deno.test("serve goes on, when strangers send it nonsense", async () => {
  await shared(async (machine, sharing, passphrase) => {
    const nonsense = [
      "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
      "\x1b[2J\x1b]0;title\x07\n\n\n\n",
      "\0\0\0\x01\x01",
      "\0\0\0\x12\x01\x02",
      "\0\0\0\0",
    ];
    for (const words of nonsense) {
      const [hostname, port] = sharing.address.split(":");
      using conn = await Deno.connect({ hostname, port: Number(port) });
      await conn.write(new TextEncoder().encode(words));
      await conn.closeWrite();
      await conn.readable.pipeTo(new WritableStream()).catch(() => {});
    }
    const received = await machine.run("receive", [
      passphrase,
      sharing.address,
    ]);
    assertEquals(received.text, "Body\n");
    const { code, stderr, events } = await sharing.stop();
    assertEquals(code, 130);
    const refused = events.filter(({ event }) => event === "refused");
    assertEquals(refused.length, nonsense.length);
    // Nothing of what they sent is shown, and none of it counts as a guess.
    for (const word of ["HTTP", "title", "\x1b", "of 3"]) {
      assert(!stderr.includes(word), stderr);
    }
  });
});

Deno.test("serve says so, when its port is taken", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "Body");
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  assertFailure(
    await machine.run("serve", ["--json", "--port", `${port}`, "pass", file]),
    "CANNOT_LISTEN",
    `Cannot listen on 127.0.0.1:${port}`,
    "Choose another --port",
  );
});

const LONG = "x".repeat(64 * 1024 + 1);

/** Command lines that cannot be, and how the message begins. */
const USAGE_ERRORS: [
  script: "serve" | "receive",
  args: string[],
  message: string,
  stdin?: string,
][] = [
  ["serve", ["--nonsense"], "There is no option --nonsense"],
  ["serve", ["-x"], "There is no option -x"],
  ["serve", ["-5"], "There is no option -5"],
  ["serve", ["--output", "x"], "There is no option --output"],
  ["serve", ["--once", "--keep-open", "5"], "--once and --keep-open do not go"],
  ["serve", ["--keep-open", "0"], "--keep-open 0 is not a whole number from 1"],
  ["serve", ["--keep-open", "1441"], "--keep-open 1441 is not a whole number"],
  ["serve", ["--keep-open", "1.5"], "--keep-open 1.5 is not a whole number"],
  ["serve", ["--keep-open"], "--keep-open needs a value"],
  ["serve", ["--port", "0"], "--port 0 is not a whole number from 1 to 65535"],
  ["serve", ["--port", "70000"], "--port 70000 is not a whole number"],
  ["serve", ["--port", "x"], "--port x is not a whole number"],
  ["serve", ["--port="], "--port needs a value"],
  ["serve", ["pass", "a.md", "b.md"], 'Too many arguments: "b.md"'],
  ["serve", ["my", "pass", "a.md"], 'Too many arguments: "a.md"'],
  ["serve", ["", "a.md"], "The passphrase is empty"],
  [
    "serve",
    ["--passphrase-file", "-", "a.md"],
    "The passphrase is empty",
    "\n",
  ],
  [
    "serve",
    ["--passphrase-file", "-", "a.md"],
    "The passphrase is longer",
    LONG,
  ],
  ["serve", ["--passphrase-file", "none", "a.md"], 'Cannot read "none"'],
  ["serve", ["--passphrase-file", ".", "a.md"], 'Cannot read "."'],
  ["serve", ["--passphrase-file", "latin1", "a.md"], 'Cannot read "latin1"'],
  [
    "serve",
    ["--interface", "9.9.9.9", "pass", "a.md"],
    'This machine has no address "9.9.9.9"',
  ],
  ["receive", [], "The passphrase is missing"],
  ["receive", ["--nonsense"], "There is no option --nonsense"],
  ["receive", ["--once"], "There is no option --once"],
  ["receive", ["--json", "pass"], "--json needs --output"],
  ["receive", ["--json", "--output"], "--output needs a value"],
  ["receive", ["--timeout", "x", "pass"], "--timeout x is not a whole number"],
  ["receive", ["--timeout", "0", "pass"], "--timeout 0 is not a whole number"],
  ["receive", ["--timeout", "3601", "pass"], "--timeout 3601 is not a whole"],
  ["receive", ["--timeout", "1e3", "pass"], "--timeout 1e3 is not a whole"],
  ["receive", ["", "127.0.0.1:9"], "The passphrase is empty"],
  ["receive", ["two", "words"], '"words" is not host:port'],
  ["receive", ["pass", "127.0.0.1"], '"127.0.0.1" is not host:port'],
  ["receive", ["pass", "127.0.0.1:0"], '"127.0.0.1:0" is not host:port'],
  [
    "receive",
    ["pass", "127.0.0.1:65536"],
    '"127.0.0.1:65536" is not host:port',
  ],
  ["receive", ["pass", "::1:9"], '"::1:9" is not host:port'],
  ["receive", ["pass", "127.0.0.1:9", "more"], 'Too many arguments: "more"'],
  [
    "receive",
    ["--interface", "9.9.9.9", "pass"],
    'This machine has no address "9.9.9.9"',
  ],
];

Deno.test("serve and receive refuse a command line that cannot be", async () => {
  await using machine = await Machine.make();
  await machine.write("a.md", "Body");
  await machine.write("latin1", Uint8Array.of(0x63, 0xe9));
  await forEach(USAGE_ERRORS, async ([script, args, message, stdin]) => {
    const isOwn = args.includes("--interface");
    const options = { stdin, interface: isOwn ? null : undefined };
    assertFailure(await machine.run(script, args, options), "USAGE", message);
  });
  assertEquals(await machine.kept(), []);
});

Deno.test("serve refuses to read passphrase and text both from standard input", async () => {
  await using machine = await Machine.make();
  assertFailure(
    await machine.run("serve", ["--passphrase-file", "-", "-"], {
      stdin: "pass\nBody\n",
    }),
    "USAGE",
    "",
  );
});

Deno.test("serve --json and receive --json tell programs of a wrong command line", async () => {
  await using machine = await Machine.make();
  for (const script of ["serve", "receive"] as const) {
    const ended = await machine.run(script, ["--json", "--nonsense"]);
    assertFailure(ended, "USAGE", "There is no option --nonsense");
    assertEquals(ended.events.length, 1);
  }
});

Deno.test("serve --help and receive --help explain and do nothing", async () => {
  await using machine = await Machine.make();
  for (const script of ["serve", "receive"] as const) {
    const ended = await machine.run(script, ["--help"]);
    assertSuccess(ended);
    assertEquals(ended.stderr, "");
    assertStringIncludes(ended.text, `Usage: ${script}.ts`);
  }
  assertEquals(await machine.kept(), []);
});
