/**
 * Beside avahi: what the Python original, and everybody else on Linux, browses with.
 *
 * Two namespaces, each with an avahi daemon and a D-Bus of its own, so that neither the
 * machine's daemon nor its network is involved.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  join,
  makeNamespace,
  type Namespace,
  Program,
  script,
  whyNoNamespaces,
} from "./_namespaces.ts";

const busConfig = (socket: string) =>
  `<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>`;

const AVAHI_CONFIG = "[server]\nuse-ipv4=yes\nuse-ipv6=yes\n";

async function whyNoAvahi(): Promise<string | null> {
  for (const program of ["avahi-daemon", "avahi-browse", "dbus-daemon"]) {
    try {
      await new Deno.Command(program, { args: ["--version"] }).output();
    } catch {
      return `${program} is missing`;
    }
  }
  return await whyNoNamespaces();
}

const reason = await whyNoAvahi();
if (reason !== null) console.log(`avahi_test.ts is skipped: ${reason}`);

/** A machine on a network, with avahi running. */
interface Machine {
  namespace: Namespace;
  /** Variables by which avahi's tools find their daemon. */
  env: Record<string, string>;
}

/** Two machines on one network, `10.77.1.1` and `10.77.1.2`, until `running` is disposed of. */
async function twoMachines(
  running: AsyncDisposableStack,
): Promise<[Machine, Machine]> {
  const here = running.use(await makeNamespace());
  const there = running.use(await makeNamespace());
  await join(
    "cable0",
    [here, ["10.77.1.1/24", "fe80::a1/64"]],
    [there, ["10.77.1.2/24", "fe80::a2/64"]],
  );
  return await Promise.all([
    startAvahi(here, running),
    startAvahi(there, running),
  ]);
}

async function startAvahi(
  namespace: Namespace,
  running: AsyncDisposableStack,
): Promise<Machine> {
  const folder = await Deno.makeTempDir({ prefix: "cs-avahi-" });
  running.defer(() => Deno.remove(folder, { recursive: true }));
  const bus = `${folder}/bus`;
  await Deno.writeTextFile(`${bus}.conf`, busConfig(bus));
  await Deno.writeTextFile(`${folder}/avahi.conf`, AVAHI_CONFIG);
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${bus}` };
  const start = (command: string[]) =>
    running.use(new Program(namespace, command, env));
  const busArgs = [`--config-file=${bus}.conf`, "--nofork", "--print-address"];
  await start(["dbus-daemon", ...busArgs]).line();
  // The names of its pid file and socket under /run are fixed.
  const avahi = `mount -t tmpfs tmpfs /run && exec avahi-daemon 2>&1 \
    --file=${folder}/avahi.conf --no-drop-root --no-chroot --no-rlimits`;
  await start(["unshare", "--mount", "sh", "-c", avahi])
    .line((line) => line.startsWith("Server startup complete"));
  return { namespace, env };
}

/** Resolves the instance over IPv4 with `avahi-browse`. */
async function resolve({ namespace, env }: Machine, instance: string) {
  const command = ["avahi-browse", "-rpt", "_claude-distill._tcp"];
  await using browser = new Program(namespace, command, env);
  const line = await browser.line((line) =>
    line.startsWith(`=;cable0;IPv4;${instance};`)
  );
  const [address, port, txt] = line.split(";").slice(7);
  return { address: address!, port: port!, txt: txt! };
}

Deno.test({
  name:
    "Announcer.open() is resolved by avahi, when avahi runs on either machine",
  ignore: reason !== null,
  fn: async () => {
    await using running = new AsyncDisposableStack();
    const [here, there] = await twoMachines(running);
    const announcer = running.use(
      new Program(here.namespace, script("_announce.ts")),
    );
    const { instance, port } = JSON.parse(await announcer.line());
    for (const machine of [here, there]) {
      const found = await resolve(machine, instance);
      assertEquals(found.address, "10.77.1.1");
      assertEquals(found.port, String(port));
      for (const pair of ["v=2", "kind=memory", "from=tester@namespace"]) {
        assertStringIncludes(found.txt, `"${pair}"`);
      }
      const connect = script("_connect.ts", found.address, found.port);
      await using connection = new Program(machine.namespace, connect);
      assertEquals(await connection.line(), instance);
    }
  },
});

Deno.test({
  name: "Announcer.open() is forgotten by avahi, when the share ends",
  ignore: reason !== null,
  fn: async () => {
    await using running = new AsyncDisposableStack();
    const [here, there] = await twoMachines(running);
    const announcer = running.use(
      new Program(here.namespace, script("_announce.ts")),
    );
    const { instance } = JSON.parse(await announcer.line());
    const command = ["avahi-browse", "-p", "_claude-distill._tcp"];
    const browser = running.use(
      new Program(there.namespace, command, there.env),
    );
    await browser.line((line) => line.startsWith(`+;cable0;IPv4;${instance};`));
    await announcer.end();
    await browser.line((line) => line.startsWith(`-;cable0;IPv4;${instance};`));
  },
});

Deno.test({
  name:
    "browse() finds what the Python original publishes with avahi, as protocol 1",
  ignore: reason !== null,
  fn: async () => {
    await using running = new AsyncDisposableStack();
    const [here, there] = await twoMachines(running);
    const instance = `claude-distill-${crypto.randomUUID().slice(0, 8)}`;
    const command = ["avahi-publish", "-s", instance, "_claude-distill._tcp"];
    running.use(
      new Program(here.namespace, [...command, "4711"], here.env),
    );
    for (const { namespace } of [here, there]) {
      const browse = script("_browse.ts", instance);
      await using browser = new Program(namespace, browse);
      // The first answer may name another address.
      const line = await browser.line((line) =>
        JSON.parse(line).addresses.includes("10.77.1.1")
      );
      const candidate = JSON.parse(line);
      assertEquals(candidate.protocol, 1);
      assertEquals(candidate.port, 4711);
    }
  },
});
