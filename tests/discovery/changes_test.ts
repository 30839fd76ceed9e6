/**
 * A share and its receivers on machines whose networks change: commands as people run them,
 * in network namespaces.
 *
 * Each receiver is looking already when the way to the share appears, so that both sides have
 * to notice.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess, until } from "../support/checks.ts";
import { Machine, type Sharing } from "../support/machine.ts";
import { HOLDER } from "../support/port_holder.ts";
import {
  ip,
  join,
  makeNamespace,
  type Namespace,
  Program,
  run,
  whyNoNamespaces,
} from "./_namespaces.ts";

const reason = await whyNoNamespaces();
if (reason !== null) console.log(`changes_test.ts is skipped: ${reason}`);

/** Longest time from a change until the receiver has the document, in milliseconds. */
const FOUND_MS = 5_000;

const via = ({ name }: Namespace) => ["ip", "netns", "exec", name];

/** Two machines, a cable between them, and a document on the first. */
class Pair implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  here!: Namespace;
  there!: Namespace;
  machine!: Machine;
  file!: string;

  static async make(left: string[], right: string[]): Promise<Pair> {
    const pair = new Pair();
    pair.here = pair.#stack.use(await makeNamespace());
    pair.there = pair.#stack.use(await makeNamespace());
    pair.machine = pair.#stack.use(await Machine.make());
    pair.file = await pair.machine.write("doc.md", "Body\n");
    await join("cable0", [pair.here, left], [pair.there, right]);
    return pair;
  }

  /** Shares the document here; ended with the pair. */
  async share(...args: string[]): Promise<Sharing> {
    const options = { via: via(this.here), interface: null };
    return this.#stack.use(
      await this.machine.share([...args, this.file], options),
    );
  }

  /** Lets a receiver look there, then makes the change that brings the share to it. */
  async finds(
    sharing: Sharing,
    change: () => Promise<void>,
    saysFirst = "looking for the sender",
  ): Promise<void> {
    await using receiving = this.machine.start(
      "receive",
      [String(sharing.ready.invite)],
      { via: via(this.there), interface: null },
    );
    await receiving.says(saysFirst);
    await change();
    const start = performance.now();
    const ended = await receiving.ended;
    const tookMs = performance.now() - start;
    assertSuccess(ended);
    assertEquals(ended.text, "Body\n");
    assert(tookMs < FOUND_MS, `found after ${tookMs} ms`);
  }

  async [Symbol.asyncDispose]() {
    await this.#stack.disposeAsync();
  }
}

/** Changes addresses on the machine's end of a cable: `+10.0.0.1/24`, `-10.0.0.1/24`. */
async function change(
  { name }: Namespace,
  cable: string,
  ...changes: string[]
) {
  for (const each of changes) {
    const verb = each.startsWith("+") ? "add" : "del";
    const now = each.includes(":") && verb === "add" ? " nodad" : "";
    await ip(`-n ${name} addr ${verb} ${each.slice(1)} dev ${cable}${now}`);
  }
}

/** The part of `host:port` before the port. */
const hosts = (addresses: unknown) =>
  (addresses as string[]).map((address) => address.replace(/:\d+$/, ""));

Deno.test({
  name:
    "serve is found again without IPv6, when addresses change, a link comes back, or a VPN comes up",
  ignore: reason !== null,
  fn: async () => {
    await using pair = await Pair.make(["10.77.1.1/24"], ["10.77.1.2/24"]);
    const { here, there, machine } = pair;
    const sharing = await pair.share();
    const keeping = await pair.share("--interface", "10.77.1.1");
    assertEquals(hosts(sharing.ready.addresses), ["10.77.1.1"]);

    await change(here, "cable0", "-10.77.1.1/24");
    assertEquals((await sharing.event("addresses")).addresses, []);
    await pair.finds(sharing, async () => {
      await change(there, "cable0", "+10.77.9.2/24", "-10.77.1.2/24");
      await change(here, "cable0", "+10.77.9.1/24");
    });
    const { addresses } = await sharing.event("addresses");
    assertEquals(hosts(addresses), ["10.77.9.1"]);
    const { events } = await machine.run("status", ["--json"]);
    const listed = events.map(({ addresses }) => hosts(addresses));
    assertEquals(listed, [["10.77.9.1"], []]);

    await ip(`-n ${here.name} link set cable0 down`);
    await pair.finds(
      sharing,
      () => ip(`-n ${here.name} link set cable0 up`),
    );

    // The one with --interface is where it was, once its address is back.
    await pair.finds(keeping, async () => {
      await change(here, "cable0", "-10.77.9.1/24", "+10.77.1.1/24");
      await change(there, "cable0", "-10.77.9.2/24", "+10.77.1.2/24");
    });

    await change(here, "cable0", "-10.77.1.1/24");
    await pair.finds(
      sharing,
      () => join("vpn0", [here, ["10.88.0.1/24"]], [there, ["10.88.0.2/24"]]),
    );
  },
});

Deno.test({
  name:
    "serve is found again over IPv6, when addresses change, also while both sides are stopped",
  ignore: reason !== null,
  fn: async () => {
    await using pair = await Pair.make(["fe80::a1/64"], ["fe80::a2/64"]);
    const { here, there } = pair;
    const sharing = await pair.share();
    assertEquals(hosts(sharing.ready.addresses), ["[fe80::a1%cable0]"]);

    await change(here, "cable0", "-fe80::a1/64");
    await sharing.event("addresses");
    await pair.finds(
      sharing,
      () => change(here, "cable0", "+fd00:77::1/64", "+fe80::b1/64"),
    );
    const { addresses } = await sharing.event("addresses");
    assertEquals(hosts(addresses), ["[fd00:77::1]"]);

    await using receiving = pair.machine.start(
      "receive",
      [String(sharing.ready.invite)],
      { via: via(there), interface: null },
    );
    sharing.signal("SIGSTOP");
    await receiving.says("looking for the sender");
    receiving.signal("SIGSTOP");
    // Plugged in elsewhere: another interface of the same name, with the same addresses.
    await ip(`-n ${here.name} link del cable0`);
    await join(
      "cable0",
      [here, ["fe80::b1/64"]],
      [there, ["fe80::a2/64"]],
    );
    const start = performance.now();
    sharing.signal("SIGCONT");
    receiving.signal("SIGCONT");
    assertEquals((await receiving.ended).text, "Body\n");
    const tookMs = performance.now() - start;
    assert(tookMs < FOUND_MS, `found after ${tookMs} ms`);
  },
});

Deno.test({
  name:
    "receive goes on at the sender's new address, when both have moved in the middle",
  ignore: reason !== null,
  fn: async () => {
    await using pair = await Pair.make(["10.77.1.1/24"], ["10.77.1.2/24"]);
    const { here, there, machine } = pair;
    const bytes = crypto.getRandomValues(new Uint8Array(64 * 1024));
    const whole = new Uint8Array(256 * bytes.length);
    for (let i = 0; i < 256; i++) whole.set(bytes, i * bytes.length);
    await Deno.writeFile(pair.file, whole);
    // 16 MiB take two seconds.
    const slowly = "root tbf rate 64mbit burst 256kb latency 50ms";
    await run("tc", `-n ${here.name} qdisc add dev cable0 ${slowly}`);
    const sharing = await pair.share();
    const output = machine.path("out");
    await using receiving = machine.start(
      "receive",
      ["--output", output, String(sharing.ready.invite)],
      { via: via(there), interface: null },
    );
    await sharing.event("peer");
    await until("some of it", async () => {
      const [partial] = await machine.kept();
      if (partial === undefined) return false;
      const { size } = await Deno.stat(`${machine.state}/${partial}`);
      return size > 1024 * 1024;
    });
    await change(here, "cable0", "-10.77.1.1/24", "+10.77.9.1/24");
    await change(there, "cable0", "-10.77.1.2/24", "+10.77.9.2/24");
    // Otherwise it is noticed after 45 seconds of silence.
    await run("ss", `-N ${there.name} -K dst 10.77.1.1`);
    const ended = await receiving.ended;
    assertSuccess(ended);
    assertStringIncludes(ended.stderr, "the connection was cut");
    assertEquals(await Deno.readFile(output), whole);
  },
});

Deno.test({
  name: "receive waits for a network, and says so when none has come",
  ignore: reason !== null,
  fn: async () => {
    const ends = [["10.77.1.1/24"], ["10.77.1.2/24"]] as const;
    await using pair = await Pair.make([...ends[0]], [...ends[1]]);
    const { here, there, machine } = pair;
    const sharing = await pair.share();
    await ip(`-n ${there.name} link del cable0`);
    const words = String(sharing.ready.invite);
    assertFailure(
      await machine.run("receive", ["--timeout", "1", words], {
        via: via(there),
        interface: null,
      }),
      "NO_NETWORK",
      "This machine has no network connection on which a share can be found",
      "Connect to the network that the sender is on",
    );
    await pair.finds(
      sharing,
      () => join("cable0", [here, [...ends[0]]], [there, [...ends[1]]]),
      "this machine has no network connection yet; waiting for one",
    );
  },
});

/** Starts a relay on this address of the machine, which stays when a cable is pulled. */
async function startRelay(here: Namespace, address: string): Promise<Program> {
  await ip(`-n ${here.name} addr add ${address}/32 dev lo`);
  const relay = new Program(here, [Deno.execPath(), "task", "relay"], {
    RELAY_HOST: address,
    RELAY_PORT: "8765",
  });
  await relay.line((line) => line.includes('"started"'));
  return relay;
}

Deno.test({
  name:
    "receive waits for a network with the invite of a room too, and says so when none has come",
  ignore: reason !== null,
  fn: async () => {
    await using pair = await Pair.make(["10.77.1.1/24"], ["10.77.1.2/24"]);
    const { here, there, machine, file } = pair;
    await using _relay = await startRelay(here, "10.77.2.1");
    const at = ["--relay", "ws://10.77.2.1:8765", "--insecure-relay"];
    await using sharing = await machine.share(
      ["--interface", "127.0.0.1", ...at, "--generate", file],
      { via: via(here), interface: null },
    );
    await ip(`-n ${there.name} link del cable0`);
    const away = { via: via(there), interface: null };
    const invited = [...at, String(sharing.ready.invite)];
    assertFailure(
      await machine.run("receive", ["--timeout", "1", ...invited], away),
      "NO_NETWORK",
      "This machine has no network connection on which a share can be found",
      "Connect to the network that the sender is on",
    );
    await using receiving = machine.start(
      "receive",
      ["--timeout", "80", ...invited],
      away,
    );
    await receiving.says(
      "this machine has no network connection yet; waiting for one",
    );
    await join("cable0", [here, ["10.77.1.1/24"]], [there, ["10.77.1.2/24"]]);
    await ip(`-n ${there.name} route add 10.77.2.1/32 dev cable0`);
    const ended = await receiving.ended;
    assertSuccess(ended);
    assertEquals(ended.text, "Body\n");
  },
});

Deno.test({
  name:
    "serve shares by its address, when another program keeps port 5353, and is found once that ends",
  ignore: reason !== null,
  fn: async () => {
    await using pair = await Pair.make(["10.77.1.1/24"], ["10.77.1.2/24"]);
    const { here, there, machine } = pair;
    const holders = [here, there].map((each) =>
      new Program(each, [Deno.execPath(), "eval", HOLDER])
    );
    await using stack = new AsyncDisposableStack();
    for (const holder of holders) stack.use(holder);
    for (const holder of holders) await holder.line();

    const sharing = await pair.share();
    const { announced, invite, terminal_commands } = sharing.ready;
    assertEquals(announced, false);
    await sharing.says("cannot announce the share on any network");
    const words = [String(invite), sharing.address];
    assertEquals(terminal_commands, [
      `claude-spread receive ${words.join(" ")}`,
    ]);
    const from = { via: via(there), interface: null };
    assertEquals((await machine.run("receive", words, from)).text, "Body\n");
    const start = performance.now();
    assertFailure(
      await machine.run("receive", [String(invite)], from),
      "CANNOT_LISTEN",
      "Cannot use multicast DNS on any network interface",
      "add the sender's address (host:port)",
    );
    // Not after the 30 seconds of a search.
    const tookMs = performance.now() - start;
    assert(tookMs < 15_000, `ended after ${tookMs} ms`);

    await Promise.all(holders.map((holder) => holder.end()));
    await pair.finds(sharing, () => Promise.resolve());
  },
});

Deno.test({
  name:
    "serve names the address of the default route, when both machines run Docker",
  ignore: reason !== null,
  fn: async () => {
    await using pair = await Pair.make(
      ["10.77.2.1/24", "10.77.1.1/24", "fe80::a1/64"],
      ["10.77.1.2/24"],
    );
    const { here } = pair;
    await ip(`-n ${here.name} link add docker0 type bridge`);
    await ip(`-n ${here.name} addr add 172.17.0.1/16 dev docker0`);
    await ip(`-n ${here.name} link set docker0 up`);
    await ip(`-n ${here.name} route add default via 10.77.1.2`);
    const sharing = await pair.share();
    assertEquals(hosts(sharing.ready.addresses), ["10.77.1.1", "10.77.2.1"]);
  },
});
