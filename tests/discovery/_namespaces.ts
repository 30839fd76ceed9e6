/**
 * Network namespaces for tests: networks of their own, with no way to a real one.
 *
 * @module
 */

/** Longest that anything run in a namespace may take, in milliseconds. */
const DEADLINE_MS = 90_000;

/** Why namespaces cannot be made here, or `null` when they can. */
export async function whyNoNamespaces(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "network namespaces need Linux";
  if (Deno.uid() !== 0) return "network namespaces need root";
  try {
    await using _trial = await makeNamespace();
    return null;
  } catch (error) {
    return `network namespaces cannot be made: ${error}`;
  }
}

/** A namespace, removed with everything in it when disposed of. */
export interface Namespace extends AsyncDisposable {
  name: string;
}

/** Makes a namespace with nothing but loopback. */
export async function makeNamespace(): Promise<Namespace> {
  const name = `cs-${crypto.randomUUID().slice(0, 8)}`;
  await ip(`netns add ${name}`);
  await ip(`-n ${name} link set lo up`);
  return { name, [Symbol.asyncDispose]: () => ip(`netns del ${name}`) };
}

/**
 * Joins two namespaces by a cable.
 *
 * @param cable What the interface is called at both ends; at most 15 characters.
 * @param ends With the addresses of that interface, link-local ones too: those that
 *   Linux makes itself come a second late.
 */
export async function join(
  cable: string,
  ...ends: [Namespace, string[]][]
): Promise<void> {
  const [left, right] = ends.map(([{ name }]) => `name ${cable} netns ${name}`);
  await ip(`link add ${left} type veth peer ${right}`);
  for (const [{ name }, addresses] of ends) {
    await ip(`-n ${name} link set ${cable} addrgenmode none up`);
    for (const address of addresses) {
      const now = address.includes(":") ? "nodad" : "";
      await ip(`-n ${name} addr add ${address} dev ${cable} ${now}`.trim());
    }
  }
}

/** Runs `ip` with arguments that have no blanks in them. */
export async function ip(args: string): Promise<void> {
  await run("ip", args);
}

/** Runs a program to its end, with arguments that have no blanks in them. */
export async function run(program: string, args: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: args.split(" "),
  }).output();
  const problem = new TextDecoder().decode(stderr);
  if (!success) throw new Error(`${program} ${args}: ${problem}`);
}

/** The command line of a script beside this file. */
export function script(name: string, ...args: string[]): string[] {
  const path = new URL(name, import.meta.url).pathname;
  const permissions = ["--allow-net", "--allow-sys=networkInterfaces"];
  return [Deno.execPath(), "run", ...permissions, path, ...args];
}

/** A program in a namespace; disposing of it terminates it. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #errors: Promise<string>;
  readonly #deadline: ReturnType<typeof setTimeout>;

  /** Starts `command`; it is terminated after 20 s at the latest. */
  constructor(
    { name }: Namespace,
    command: string[],
    env: Record<string, string> = {},
  ) {
    this.#child = new Deno.Command("ip", {
      args: ["netns", "exec", name, ...command],
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = readLines(this.#child.stdout);
    this.#errors = new Response(this.#child.stderr).text();
    this.#deadline = setTimeout(() => this.#terminate(), DEADLINE_MS);
  }

  /** The next line of output that `isWanted`; the others are skipped. */
  async line(
    isWanted: (line: string) => boolean = () => true,
  ): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) {
        throw new Error(`The line did not come: ${await this.#errors}`);
      }
      if (isWanted(value)) return value;
    }
  }

  /** Ends the input and waits for the program to end by itself. */
  async end(): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#deadline);
    this.#terminate();
    await this.#child.stdin.close().catch(() => {});
    for await (const _ of this.#lines);
    await this.#errors;
    await this.#child.status;
  }

  #terminate(): void {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
  }
}

async function* readLines(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
