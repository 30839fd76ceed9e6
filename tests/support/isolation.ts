/**
 * Worlds of one's own for a command: a loopback where nobody else announces, a small disk,
 * a root that may not read everything. Linux only; elsewhere there is a reason to skip.
 *
 * @module
 */

/** Why a command line fails here, or `null` when it works. */
async function whyNot(
  command: string[],
  needs: string,
): Promise<string | null> {
  if (Deno.build.os !== "linux") return `${needs} need Linux`;
  const [program, ...args] = command;
  try {
    const { success, stderr } = await new Deno.Command(program!, { args })
      .output();
    const problem = new TextDecoder().decode(stderr).trim();
    return success ? null : `${needs} cannot be made: ${problem}`;
  } catch (error) {
    return `${needs} cannot be made: ${error}`;
  }
}

/** Prints once why tests are skipped. */
function told(reason: string | null): string | null {
  if (reason !== null) console.log(`some tests are skipped: ${reason}`);
  return reason;
}

// A user namespace makes one root inside, so that this works for anybody where the system lets it.
const OWN_NETWORK = ["unshare", "--map-root-user", "--net", "sh", "-c"];
const OWN_MOUNTS = ["unshare", "--map-root-user", "--mount", "sh", "-c"];

/** Why there can be no {@linkcode Loopback}, or `null`; prints the reason. */
export async function whyNoLoopback(): Promise<string | null> {
  const command = [...OWN_NETWORK, "ip link set lo up"];
  return told(await whyNot(command, "network namespaces"));
}

/** Makes a loopback slow; packets of its usual size would not fit into the bucket. */
const slowly = (rate: string) =>
  `ip link set lo mtu 1500 && tc qdisc add dev lo root tbf rate ${rate} burst 4kb latency 2s`;

/** Why there can be no slow {@linkcode Loopback}, or `null`; prints the reason. */
export async function whyNoSlowLoopback(): Promise<string | null> {
  const command = [...OWN_NETWORK, `ip link set lo up && ${slowly("1mbit")}`];
  return told(await whyNot(command, "slow networks"));
}

/** Why there can be no small disk, or `null`; prints the reason. */
export async function whyNoSmallDisk(): Promise<string | null> {
  const command = [...OWN_MOUNTS, "mount -t tmpfs -o size=1m tmpfs /tmp"];
  return told(await whyNot(command, "small disks"));
}

/** A network that consists of a loopback and nothing else. */
export class Loopback implements AsyncDisposable {
  private constructor(private readonly holder: Deno.ChildProcess) {}

  static async make(): Promise<Loopback> {
    const [program, ...args] = OWN_NETWORK;
    const holder = new Deno.Command(program!, {
      args: [...args, "ip link set lo up && echo up && exec cat"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = holder.stdout.getReader();
    await reader.read();
    reader.releaseLock();
    return new Loopback(holder);
  }

  /** The command line that runs a command there. */
  get via(): string[] {
    return [
      "nsenter",
      `--target=${this.holder.pid}`,
      "--user",
      "--preserve-credentials",
      "--net",
    ];
  }

  /** Lets no more through than this, such as `32kbit` a second, both ways together. */
  async slowDown(rate: string): Promise<void> {
    const [program, ...args] = [...this.via, "sh", "-c", slowly(rate)];
    const { success } = await new Deno.Command(program!, { args }).output();
    if (!success) throw new Error("The loopback stays as fast as it is");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.holder.stdin.close();
    await this.holder.stdout.cancel();
    await this.holder.status;
  }
}

/**
 * Returns a command line that runs a command with a disk of `kilobytes` mounted on
 * `folder`, which is made if it is missing, and leaves the names of the files in it, one a line, in `listing`.
 */
export function onSmallDisk(
  folder: string,
  kilobytes: number,
  listing: string,
): string[] {
  const script = `mkdir -p -m 700 "$0" &&
  mount -t tmpfs -o mode=700,size=${kilobytes}k tmpfs "$0" || exit 99
listing=$1; shift
"$@"
code=$?
(cd "$0" && find . -type f) > "$listing"
exit $code`;
  return [...OWN_MOUNTS, script, folder, listing];
}

/**
 * Returns a command line that takes away root's right to read and write everything, so that
 * permissions of files count for it too; nothing for anybody else.
 */
export function withoutPrivilege(): string[] {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) return [];
  const capabilities = "-dac_override,-dac_read_search";
  return [
    "setpriv",
    `--inh-caps=${capabilities}`,
    `--bounding-set=${capabilities}`,
  ];
}

/** Why permissions of files do not count for a command here, or `null`; prints the reason. */
export async function whyNoPermissions(): Promise<string | null> {
  const prefix = withoutPrivilege();
  return told(
    prefix.length === 0
      ? null
      : await whyNot([...prefix, "true"], "tests of file permissions"),
  );
}

/** A script that runs in a network and has printed one JSON line; disposing of it ends it. */
export interface Helper extends AsyncDisposable {
  said: Record<string, unknown>;
}

/** Starts a script of this folder in a network; it ends when its standard input does. */
export async function startHelper(
  { via }: Loopback,
  name: "decoy.ts" | "addresses.ts",
  ...args: string[]
): Promise<Helper> {
  const [program, ...rest] = via;
  const script = `${import.meta.dirname}/${name}`;
  const deno = [Deno.execPath(), "run", "--cached-only", "--allow-net"];
  const child = new Deno.Command(program!, {
    args: [...rest, ...deno, "--allow-sys=networkInterfaces", script, ...args],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return {
    said: JSON.parse(new TextDecoder().decode(value)),
    [Symbol.asyncDispose]: async () => {
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
    },
  };
}
