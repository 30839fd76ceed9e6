/**
 * A server in front of a relay that speaks TLS: nginx or Caddy, configured as
 * docs/self_hosting.md says, on a port of 127.0.0.1.
 *
 * @module
 */

import { until } from "../support/checks.ts";
import { programPath } from "../support/missing.ts";
import type { Certificate } from "./_certificates.ts";
import { root } from "../support/places.ts";

const docs = await Deno.readTextFile(
  `${root}/docs/self_hosting.md`,
);

/** Which program, by the language of its block in the docs. */
export type FrontKind = "nginx" | "caddy";

/** How it is set up. */
export interface FrontOptions {
  certificate: Certificate;
  /** `host:port` of the relay. */
  relay: string;
  /** nginx only: the relay's path, lines of its server, and lines of the whole. */
  path?: string;
  server?: string;
  settings?: string;
}

/** A running front; disposing of it ends it and removes its folder. */
export class Front implements AsyncDisposable {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly child: Deno.ChildProcess,
    private readonly said: Promise<string>,
  ) {}

  /** Starts it and waits until it listens. */
  static async start(kind: FrontKind, options: FrontOptions): Promise<Front> {
    const folder = await Deno.makeTempDir({ prefix: `cs-${kind}-` });
    const port = freePort();
    const config = kind === "nginx" ? nginxConfig : caddyConfig;
    const path = `${folder}/config`;
    await Deno.writeTextFile(path, config(port, options));
    const child = new Deno.Command(programPath(kind), {
      args: kind === "nginx"
        ? nginxArgs(folder)
        : ["run", "--adapter", "caddyfile", "--config", path],
      env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const said = new Response(child.stderr).text();
    const front = new Front(port, folder, child, said);
    await front.#listens();
    return front;
  }

  /** Its address, without a path. */
  get url(): string {
    return `wss://localhost:${this.port}`;
  }

  async #listens(): Promise<void> {
    const ended = this.child.status.then(async () => {
      throw new Error(`It does not start: ${await this.said}`);
    });
    const listening = until(
      "the front to listen",
      () =>
        Deno.connect({ hostname: "127.0.0.1", port: this.port })
          .then((conn) => (conn.close(), true), () => false),
    );
    await Promise.race([listening, ended]);
  }

  /** Has nginx read its configuration again, and waits until new processes serve. */
  async reload(): Promise<void> {
    const log = `${this.folder}/error.log`;
    const { success, stderr } = await new Deno.Command(programPath("nginx"), {
      args: [...nginxArgs(this.folder), "-s", "reload"],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    await until(
      "nginx to reload",
      async () =>
        (await Deno.readTextFile(log)).includes("gracefully shutting down"),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGTERM");
    } catch {
      // It has ended.
    }
    await this.child.status;
    await this.said;
    await Deno.remove(this.folder, { recursive: true });
  }
}

function nginxArgs(folder: string): string[] {
  return ["-p", folder, "-e", "error.log", "-c", "config"];
}

function nginxConfig(port: number, options: FrontOptions): string {
  const { certificate, relay, path, settings = "" } = options;
  let server = documented("nginx")
    .replace("listen 443", `listen 127.0.0.1:${port}`)
    .replace("/etc/ssl/relay.pem", certificate.path)
    .replace("/etc/ssl/relay.key", certificate.keyPath);
  if (path !== undefined) {
    server = server.replace("location / {", `location ${path} {`)
      .replace("127.0.0.1:9784;", "127.0.0.1:9784/;");
  }
  server = server.replace("  location", `${options.server ?? ""}\n  location`)
    .replaceAll("127.0.0.1:9784", relay);
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${name};\n`).join("");
  // As root it would give its worker another user, who may not write in our folder.
  const user = Deno.uid() === 0 ? "user root;\n" : "";
  return `${user}daemon off;\nworker_processes 1;\npid nginx.pid;\n` +
    `error_log error.log notice;\n${settings}\nevents {}\n` +
    `http {\n  access_log off;\n${folders}${server}}\n`;
}

function caddyConfig(port: number, options: FrontOptions): string {
  const { certificate: { path, keyPath }, relay } = options;
  const rest = documented("caddyfile")
    .replace("relay.example.org\n", "")
    .replace("127.0.0.1:9784", relay);
  return `{\n  admin off\n  auto_https disable_redirects\n}\n` +
    `https://localhost:${port} {\n  bind 127.0.0.1\n` +
    `  tls ${path} ${keyPath}\n${rest}}\n`;
}

/** The block of docs/self_hosting.md in this language. */
function documented(language: string): string {
  const block = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms").exec(docs);
  if (block === null) throw new Error(`The docs have no block of ${language}`);
  return block[1]!;
}

/** A port of 127.0.0.1 that nobody has. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
