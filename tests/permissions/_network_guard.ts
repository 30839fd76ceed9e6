/**
 * Loaded into a command before its own modules: ends it with {@linkcode CAUGHT} when it turns to
 * the network while it may still run a program, and says each way to the network that it takes.
 *
 * @module
 */

import { Socket as UdpSocket } from "node:dgram";
import { Server, Socket } from "node:net";

/** Exit code of a command that was caught. */
const CAUGHT = 99;

const launcher = new URL("../../bin/claude-spread", import.meta.url).pathname;

/** All that a command is ever permitted to run. */
const PROGRAMS: Deno.RunPermissionDescriptor[] = [
  { name: "run" },
  { name: "run", command: "git" },
  { name: "run", command: launcher },
];

function look(way: string): void {
  const granted = PROGRAMS.filter((program) =>
    Deno.permissions.querySync(program).state === "granted"
  ).map(({ command = "anything" }) => command);
  if (granted.length > 0) {
    console.error(`guard: may run ${granted.join(", ")} at ${way}`);
    Deno.exit(CAUGHT);
  }
  console.error(`guard: ${way}`);
}

/** Looks before each call of a method. */
function watch<K extends string>(owner: object, ...names: K[]): void {
  for (const name of names) {
    const method = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
    Reflect.set(owner, name, function (this: unknown, ...args: unknown[]) {
      look(name);
      return method.apply(this, args);
    });
  }
}

/** Looks before each object of a class is made. */
function watchClass(name: "WebSocket" | "WebSocketStream"): void {
  const made = Reflect.get(globalThis, name) as typeof WebSocket;
  const watched = new Proxy(made, {
    construct(target, args, newTarget) {
      look(name);
      return Reflect.construct(target, args, newTarget);
    },
  });
  Reflect.set(globalThis, name, watched);
}

watch(
  Deno,
  "connect",
  "connectTls",
  "startTls",
  "listen",
  "listenDatagram",
  "listenTls",
  "resolveDns",
  "serve",
);
watch(globalThis, "fetch");
watch(UdpSocket.prototype, "bind", "send");
watch(Socket.prototype, "connect");
watch(Server.prototype, "listen");
watchClass("WebSocket");
watchClass("WebSocketStream");
