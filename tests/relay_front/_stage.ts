/**
 * A relay with a front before it, and two machines that reach it through that one alone:
 * receivers look for senders on ::1 and senders announce on 127.0.0.1.
 *
 * @module
 */

import type { RelayConfig } from "../../relay/config.ts";
import {
  type LocalRelay,
  startLocalRelay,
} from "../../relay/testing/local_relay.ts";
import { Machine, type Sharing } from "../support/machine.ts";
import type { Running } from "../support/running.ts";
import { Authority } from "./_certificates.ts";
import { Front, type FrontKind, type FrontOptions } from "./_front.ts";

/** Settings that differ from the default ones. */
export interface StageOptions
  extends Partial<Pick<FrontOptions, "path" | "server" | "settings">> {
  relay?: Partial<RelayConfig>;
  /** Leads from the relay's port to where the front finds it. */
  between?: (port: number) => string;
}

/** Relay, front and machines; all of it ends when it is disposed of. */
export class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  relay!: LocalRelay;
  front!: Front;
  authority!: Authority;
  alice!: Machine;
  bob!: Machine;
  url!: string;
  /** Variables of every command: at first those that make it trust the front. */
  env!: Record<string, string>;

  static async set(
    kind: FrontKind,
    { relay = {}, between, ...rest }: StageOptions = {},
  ): Promise<Stage> {
    const stage = new Stage();
    try {
      stage.relay = stage.use(await startLocalRelay(relay));
      stage.authority = stage.use(await Authority.make());
      const certificate = await stage.authority.sign();
      const { host, port } = new URL(stage.relay.url);
      const where = between === undefined ? host : between(Number(port));
      stage.front = stage.use(
        await Front.start(kind, { certificate, relay: where, ...rest }),
      );
      stage.alice = stage.use(await Machine.make());
      stage.bob = stage.use(await Machine.make());
      stage.url = stage.front.url + (rest.path ?? "");
      stage.env = { DENO_CERT: stage.authority.path };
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  use<T extends AsyncDisposable>(resource: T): T {
    return this.#stack.use(resource);
  }

  /** Shares `content` in a room of the relay. */
  async share(content: string | Uint8Array): Promise<Sharing> {
    const file = await this.alice.write("doc.md", content);
    return this.use(
      await this.alice.share(["--relay", this.url, "--generate", file], {
        env: this.env,
      }),
    );
  }

  /** Receives what is shared, by the first command that the sender names. */
  receive({ ready }: Sharing, args: string[] = []): Running {
    const [command] = ready.commands as [string];
    const words = command.split(" ").slice(1);
    return this.use(
      this.bob.start("receive", [...args, ...words], {
        env: this.env,
        interface: "::1",
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
