/**
 * Shares among strangers: floods of connections, frames that mean nothing, and guesses.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connect, type Socket } from "node:net";
import { handshakeAsReceiver } from "../../../lib/protocol/handshake/receiver.ts";
import { connectLoopbackTo, random } from "../../../lib/testing/protocol.ts";
import { assertSuccess, until } from "../../support/checks.ts";
import { PROGRAMS } from "../../support/environment.ts";
import { launch, testOnMachine } from "../../support/launcher.ts";
import type { Machine } from "../../support/machine.ts";
import { Proxy } from "../../support/proxy.ts";

/** Only Linux has all of 127.0.0.0/8; elsewhere everyone comes from one address. */
const ADDRESSES = Deno.build.os === "linux"
  ? [2, 3, 4, 5, 6].map((host) => `127.0.0.${host}`)
  : ["127.0.0.1"];
if (ADDRESSES.length === 1) {
  console.log("floods come from one address: others need Linux");
}

/** Most memory of a share among strangers, in MB; it has some 75 alone. */
const MOST_MB = 200;

/** A share in the background. */
interface Share {
  id: string;
  pid: number;
  port: number;
  log: string;
  /** Its line in `status`. */
  told(): Promise<string>;
}

/** Runs `body` with a share in the background, and ends that. */
function test(
  name: string,
  body: (machine: Machine, share: Share) => Promise<void>,
): void {
  testOnMachine(name, async (machine) => {
    const file = await machine.write("a.md", "# a\n".repeat(2500));
    const run = (...args: string[]) => launch(machine, args, PROGRAMS);
    const place = ["--interface", "127.0.0.1"];
    const shared = await run(
      ...["serve", "--detach", "--json", ...place, "right", file],
    );
    const { id, addresses } = shared.events[0]!;
    const [address] = addresses as string[];
    const path = `${machine.state}/shares/${id}`;
    const { pid } = JSON.parse(await Deno.readTextFile(`${path}.json`));
    try {
      await body(machine, {
        id: String(id),
        pid,
        port: Number(address!.split(":").at(-1)),
        log: `${path}.log`,
        told: async () => (await run("status")).stdout,
      });
    } finally {
      await run("stop", "--all");
    }
  });
}

/** Opens connections that say this and nothing else; most are open at the same time. */
async function flood(
  { port }: Share,
  count: number,
  words: () => Uint8Array | null = () => null,
): Promise<AsyncDisposable> {
  const sockets: Socket[] = [];
  await Promise.all(ADDRESSES.map(async (localAddress) => {
    for (let i = 0; i < count; i++) {
      const socket = connect({ port, host: "127.0.0.1", localAddress });
      sockets.push(socket);
      await new Promise<void>((resolve) => {
        socket.on("connect", resolve).on("error", () => resolve());
      });
      const word = words();
      if (word !== null) socket.write(word);
    }
  }));
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sockets.map((socket) =>
        new Promise<void>((resolve) => {
          if (socket.closed) return resolve();
          socket.on("close", () => resolve()).destroy();
        })
      ));
    },
  };
}

async function assertReceives(machine: Machine, share: Share): Promise<void> {
  const address = `127.0.0.1:${share.port}`;
  const received = await machine.run("receive", ["right", address]);
  assertSuccess(received);
  assertEquals(received.text.length, 10_000);
}

/** Checks that a share has not grown, and has not written much. */
async function assertSmall({ pid, log }: Share): Promise<void> {
  const { size } = await Deno.stat(log);
  // Every stranger in a line of its own would take more than 100 KB.
  assert(size < 40_000, `${size} bytes of log`);
  if (Deno.build.os !== "linux") return;
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const mb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
  assert(mb < MOST_MB, `${mb} MB`);
}

test(
  "a share hands over at once, while five addresses hold 256 silent connections each",
  async (machine, share) => {
    await using _crowd = await flood(share, 256);
    await assertReceives(machine, share);
    await assertSmall(share);
  },
);

test(
  "a share stays small and goes on, when strangers send long frames and random ones",
  async (machine, share) => {
    const long = new Uint8Array(64 * 1024);
    new DataView(long.buffer).setUint32(0, 65_536);
    await using _long = await flood(share, 200, () => long);
    const noise = () => {
      const frame = new Uint8Array(4 + 20);
      crypto.getRandomValues(frame).set([0, 0, 0, 20]);
      return frame;
    };
    await using _noise = await flood(share, 200, noise);
    await assertReceives(machine, share);
    await assertSmall(share);
    const log = await Deno.readTextFile(share.log);
    assertStringIncludes(log, "more connections from 127.0.0.");
  },
);

test(
  "status shows wrong passphrases, and that they have ended a share",
  async (_machine, share) => {
    const proxies = ADDRESSES.map((from) => new Proxy({ ...share, from }));
    const guess = async (turn: number) => {
      const { address } = proxies[turn % proxies.length]!;
      const channel = await connectLoopbackTo(Number(address.split(":")[1]));
      const secrets = { secret: "wrong", roomCode: "", fillRandom: random };
      const end = await handshakeAsReceiver(channel, secrets)
        .then(() => "taken", (error) => error.code);
      await channel[Symbol.asyncDispose]();
      return end;
    };
    try {
      for (let turn = 0; turn < 2; turn++) {
        assertEquals(await guess(turn), "PASSPHRASE_REFUSED");
      }
      const [first, second = first] = ADDRESSES;
      const from = first === second ? first : `${first}, ${second}`;
      await until(
        "the guesses to be told",
        async () =>
          (await share.told()).includes(`, 2 wrong passphrases (from ${from})`),
      );
      // One address alone gets no more than three.
      if (ADDRESSES.length === 1) return;
      for (let turn = 2; turn < 10; turn++) await guess(turn);
      await until(
        "the end to be told",
        async () =>
          /ended .*: 10 wrong passphrases \(from .*, …\)/.test(
            await share.told(),
          ),
      );
      const log = await Deno.readTextFile(share.log);
      assertStringIncludes(log, '"error":"TOO_MANY_GUESSES"');
      assertStringIncludes(log, "10 wrong passphrases were tried");
    } finally {
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
    }
  },
);

test(
  "stop ends a share, while another user of the machine holds its control port",
  async (machine, share) => {
    const path = `${machine.state}/shares/${share.id}.json`;
    const { port } = JSON.parse(await Deno.readTextFile(path));
    await using _crowd = await flood({ ...share, port }, 60);
    assertSuccess(await machine.run("stop", [share.id]));
    await assertReceivesNot(share);
  },
);

/** Checks that nobody listens any more. */
async function assertReceivesNot({ port }: Share): Promise<void> {
  await until("the port to be closed", async () => {
    try {
      (await Deno.connect({ port, hostname: "127.0.0.1" })).close();
      return false;
    } catch {
      return true;
    }
  });
}
