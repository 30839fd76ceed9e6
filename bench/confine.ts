/**
 * A private network with nothing but loopback, so that no tool under measurement can reach
 * another machine, whatever its defaults are.
 *
 * On Linux the benchmark starts itself again inside fresh network and mount namespaces, which
 * needs no root where user namespaces are allowed. Two peculiarities of wormhole-william are
 * handled here. It offers no loopback address as a direct hint, so `lo` gets 192.0.2.1 (RFC 5737,
 * never routed) beside 127.0.0.1. It has no option for its transit relay, so the relay's name
 * resolves to the local one.
 *
 * @module
 */

/** Passed to the run inside the namespace, so that it does not make another one. */
export const CONFINED_FLAG = "--confined";

const NAMESPACES = ["--map-root-user", "--net", "--mount"];

const SETUP = `
set -e
PATH="$PATH:/usr/sbin:/sbin"
ip link set lo up multicast on
ip address add 192.0.2.1/32 dev lo
ip route add 224.0.0.0/4 dev lo
hosts=$(mktemp)
echo '127.0.0.1 localhost transit.magic-wormhole.io' > "$hosts"
mount --bind "$hosts" /etc/hosts
rm "$hosts"
exec "$@"
`;

/** Whether this process has no network but loopback. */
export function isConfined(): boolean {
  return Deno.networkInterfaces().every(({ name }) => name === "lo");
}

/** Whether this machine allows such a network. */
export async function canConfine(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  try {
    const probe = unshare(["true"], { stdout: "null", stderr: "null" });
    return (await probe.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Runs a module again inside a private network, on the same terminal.
 *
 * @param module Path of the entry point; it gets `args` and {@linkcode CONFINED_FLAG}.
 * @returns Its exit code.
 */
export async function runConfined(
  module: string,
  args: readonly string[],
): Promise<number> {
  const command = [
    Deno.execPath(),
    "run",
    "--allow-all",
    module,
    CONFINED_FLAG,
  ];
  const child = unshare([...command, ...args], {
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).spawn();
  // The inner run cleans up after an interruption; ending before it would hide that.
  const pass = (signal: Deno.Signal) => () => child.kill(signal);
  Deno.addSignalListener("SIGINT", pass("SIGINT"));
  Deno.addSignalListener("SIGTERM", pass("SIGTERM"));
  return (await child.status).code;
}

function unshare(
  command: string[],
  options: Deno.CommandOptions,
): Deno.Command {
  const args = [...NAMESPACES, "sh", "-c", SETUP, "sh", ...command];
  return new Deno.Command("unshare", { args, ...options });
}
