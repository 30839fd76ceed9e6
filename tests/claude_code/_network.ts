/**
 * A network and its processes, apart from everything else: nothing in it reaches another
 * machine, and with it ends whatever was started in it. Linux only.
 *
 * @module
 */

/** The only address beside loopback; multicast that is sent from it is heard on it. */
export const LAN_ADDRESS = "10.77.0.1";

// A user namespace makes one root inside, so that this works for anybody where the system
// lets it. The first process of a process namespace takes all the others with it.
const UNSHARE = [
  "unshare",
  "--map-root-user",
  "--net",
  "--pid",
  "--fork",
  "--kill-child",
  "sh",
  "-ec",
];

/** A cable with both ends here stands for the local network. */
const LAN = `ip link add lan type veth peer far
ip link set far addrgenmode none up
ip link set lan addrgenmode none up
ip addr add ${LAN_ADDRESS}/24 dev lan`;

/** Tells its process number as it is seen from outside, and stays until nobody listens. */
const STAY = "read pid rest < /proc/self/stat; echo $pid; exec cat";

/** The reason why there can be no {@linkcode Network}, or `null`. */
export async function whyNoNetwork(): Promise<string | null> {
  try {
    await using _trial = await Network.make();
    return null;
  } catch (error) {
    return `a network of their own cannot be made: ${error}`;
  }
}

/** A machine's worth of network and processes. */
export class Network implements AsyncDisposable {
  private constructor(
    private readonly holder: Deno.ChildProcess,
    private readonly pid: number,
  ) {}

  /** @param hasLan Whether there is a local network beside loopback. */
  static async make({ hasLan = true } = {}): Promise<Network> {
    const [program, ...args] = UNSHARE;
    const script = ["ip link set lo up", hasLan ? LAN : "", STAY].join("\n");
    const holder = new Deno.Command(program!, {
      args: [...args, script],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const problem = new Response(holder.stderr).text();
    const reader = holder.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    const network = new Network(
      holder,
      Number(new TextDecoder().decode(value)),
    );
    if (value !== undefined) return network;
    await network[Symbol.asyncDispose]();
    throw new Error(await problem);
  }

  /** A command line that is run there. */
  command(line: string[], options: Deno.CommandOptions = {}): Deno.Command {
    const enter = ["--user", "--preserve-credentials", "--net", "--pid"];
    return new Deno.Command("nsenter", {
      ...options,
      args: [`--target=${this.pid}`, ...enter, "--", ...line],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.holder.stdin.close().catch(() => {});
    await this.holder.stdout.cancel().catch(() => {});
    await this.holder.status;
  }
}
