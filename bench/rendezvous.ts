/**
 * The servers through which two wormholes find each other, run locally: a mailbox server and a
 * transit relay (Debian's python3-magic-wormhole-mailbox-server and
 * magic-wormhole-transit-relay).
 *
 * @module
 */

import { MeasuredProcess } from "./process.ts";

/** wormhole-william always dials 4001, whatever its options; see `confine.ts`. */
const MAILBOX_PORT = 4000;
const TRANSIT_PORT = 4001;

/** Both servers; disposing of this ends them. */
export class Rendezvous implements AsyncDisposable {
  readonly mailboxUrl = `ws://127.0.0.1:${MAILBOX_PORT}/v1`;
  readonly transitHelper = `tcp:127.0.0.1:${TRANSIT_PORT}`;
  readonly #servers: MeasuredProcess[];
  #codes = 0;

  private constructor(servers: MeasuredProcess[]) {
    this.#servers = servers;
  }

  /**
   * Starts both servers on 127.0.0.1.
   *
   * @param twistd Twisted's runner, such as `twistd3`.
   * @param folder An empty folder for the servers alone.
   * @throws {Error} When one of them does not start.
   */
  static async start(twistd: string, folder: string): Promise<Rendezvous> {
    // In memory: a disk that syncs slowly would count against the wormholes.
    const mailbox = server(twistd, folder, MAILBOX_PORT, [
      "wormhole-mailbox",
      "--channel-db=:memory:",
    ]);
    const transit = server(twistd, folder, TRANSIT_PORT, ["transitrelay"]);
    const rendezvous = new Rendezvous([mailbox, transit]);
    try {
      await mailbox.waitFor(new RegExp(`starting on ${MAILBOX_PORT}`));
      await transit.waitFor(new RegExp(`starting on ${TRANSIT_PORT}`));
    } catch (error) {
      await rendezvous[Symbol.asyncDispose]();
      throw error;
    }
    return rendezvous;
  }

  /** A fresh code: both sides get it, so none has to be read from the output. */
  nextCode(): string {
    return `${++this.#codes}-guitarist-revenge`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.end()));
  }
}

function server(
  twistd: string,
  folder: string,
  port: number,
  plugin: string[],
): MeasuredProcess {
  const endpoint = `--port=tcp:${port}:interface=127.0.0.1`;
  return new MeasuredProcess({
    command: twistd,
    args: ["--nodaemon", "--pidfile=", ...plugin, endpoint],
    cwd: folder,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: folder },
    longLived: true,
  });
}
