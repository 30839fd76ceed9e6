/**
 * The front: answers HTTP requests and decides which clients may speak WebSocket, in the same way
 * for every listener.
 *
 * See RELAY_SERVER_SPEC.md, sections 2.5, 10.3 and 12.
 *
 * @module
 */

import type { Place } from "../../lib/admission/admission.ts";
import type { RelayError } from "../../lib/relay_messages.ts";
import type { RelayConfig } from "../config.ts";
import { RateLimit } from "../limits/rate_limits.ts";
import type { RefusalCode } from "../limits/refusal.ts";
import {
  formatBuildInfo,
  formatProcess,
  type ProcessFacts,
} from "../metrics.ts";
import type { Hub, HubOptions } from "../rooms/hub.ts";
import type { Drops } from "../drops/drops.ts";
import type { ConnectionLimits } from "./connection_limits.ts";
import { DropFront } from "./requests/drop_front.ts";
import { TopicFront } from "./requests/topic_front.ts";
import { answer, type HttpAnswer, type HttpRequest, plain } from "./http.ts";
import { PAGE_HEADERS, renderPage } from "./page.ts";

/** Environment of a front: that of the hub, and facts about the process. */
export interface Environment extends HubOptions {
  version: string;
  /** Measures the process. */
  processFacts(): ProcessFacts;
  /** Counts the files that the process may still open, up to `most`. */
  countFreeFiles(most: number): number;
}

/**
 * Decision on a client: the address that limits count, and a place, which the listener disposes of
 * once the socket has closed; or the answer that refuses it.
 */
export type Admitted =
  | { address: string; place: Place }
  | { refusal: HttpAnswer };

/** Answers requests and admits clients. */
export class Front {
  readonly #config: RelayConfig;
  readonly #environment: Environment;
  readonly #hub: Hub;
  readonly #limits: ConnectionLimits;
  readonly #drops: Drops | null;
  readonly #dropFront: DropFront;
  readonly #topicFront: TopicFront;
  readonly #startMs: number;

  /** @param drops `null` when this relay keeps none. */
  constructor(
    config: RelayConfig,
    environment: Environment,
    hub: Hub,
    limits: ConnectionLimits,
    drops: Drops | null = null,
  ) {
    this.#config = config;
    this.#environment = environment;
    this.#hub = hub;
    this.#limits = limits;
    this.#drops = drops;
    const common = {
      isEnding: () => hub.isEnding,
      refused: (code: RefusalCode) => hub.metrics.count("refusals", 1, code),
    };
    this.#dropFront = new DropFront({ ...common, drops });
    const lookups = new RateLimit(config.lookupsPerMinute, environment.now);
    this.#topicFront = new TopicFront({
      ...common,
      mayAsk: (key) => lookups.take(key),
      rooms: (topics) => hub.lookUp(topics),
      drops: async (topics) => await drops?.waiting(topics) ?? [],
      answered: () => hub.metrics.count("lookups"),
    });
    this.#startMs = environment.now();
  }

  /** Decides on a request to speak WebSocket. */
  admit(request: HttpRequest): Admitted {
    // A web page must not guess room codes from the address of a person who visits it.
    if (request.header("origin") !== undefined) {
      return { refusal: plain(403, "web pages may not connect") };
    }
    if (this.#hub.isEnding) return refusal(503, "shutting_down");
    const address = this.#addressOf(request);
    const place = this.#limits.admit(address);
    if (place !== null) return { address, place };
    this.#hub.metrics.count("refusals", 1, "too_many_connections");
    return refusal(429, "too_many_connections");
  }

  /** Answers any other request. */
  async answer(request: HttpRequest): Promise<HttpAnswer> {
    // A target that is not a valid address, such as "//", is not found.
    const path = URL.parse(request.target, "http://relay")?.pathname ?? "";
    if (DropFront.owns(path)) {
      const address = this.#addressOf(request);
      return await this.#dropFront.answer(request, path, address);
    }
    if (TopicFront.owns(path)) {
      return await this.#topicFront.answer(request, this.#addressOf(request));
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plain(405, "Use GET");
    }
    switch (path) {
      case "/":
        return {
          status: 200,
          headers: PAGE_HEADERS,
          body: this.#page(request),
        };
      case "/health":
        return answer(200, "application/json", this.#health());
      case "/metrics":
        return answer(200, "text/plain; version=0.0.4", this.#metrics());
      default:
        return plain(404, "There is nothing here");
    }
  }

  /** Address of the client: the one that trusted proxies report, or else that of the connection. */
  #addressOf({ remoteAddress, header }: HttpRequest): string {
    const { trustedProxies } = this.#config;
    if (trustedProxies === 0) return remoteAddress;
    const hops = (header("x-forwarded-for") ?? "").split(",")
      .map((hop) => hop.trim());
    // Our own proxies wrote the last hops; a client may claim anything before them.
    const claimed = hops.at(-trustedProxies)
      // Some proxies write the port of the client too.
      ?.replace(/^(\d+(?:\.\d+){3}):\d+$/, "$1")
      .replace(/^\[([^\]]+)\](?::\d+)?$/, "$1") ?? "";
    return /^[0-9a-f:.]{2,45}$/i.test(claimed) ? claimed : remoteAddress;
  }

  #page({ header }: HttpRequest): string {
    const { roomTtlMs, trustedProxies, drops } = this.#config;
    const forwarded = trustedProxies > 0 &&
      header("x-forwarded-proto") === "https";
    const host = header("host") ?? "localhost";
    return renderPage(
      `${forwarded ? "wss" : "ws"}://${host}`,
      this.#environment.version,
      { room: roomTtlMs, drop: drops?.maxTtlMs ?? null },
    );
  }

  #health(): string {
    const health = {
      status: "ok",
      version: this.#environment.version,
      rooms: this.#hub.roomCount,
      peers: this.#hub.peerCount,
      uptime_s: Math.floor(this.#uptimeMs() / 1000),
    };
    return JSON.stringify(health) + "\n";
  }

  #metrics(): string {
    const { version, processFacts } = this.#environment;
    const gauges = {
      rooms: this.#hub.roomCount,
      peers: this.#hub.peerCount,
      connections: this.#limits.count,
      connections_limit: this.#limits.limit,
      buffered_bytes: this.#hub.bufferedBytes,
      drops: this.#drops?.totals.drops ?? 0,
      drop_bytes: this.#drops?.totals.bytes ?? 0,
      uptime_seconds: this.#uptimeMs() / 1000,
    };
    return formatBuildInfo(version) + this.#hub.metrics.format(gauges) +
      formatProcess(processFacts());
  }

  #uptimeMs(): number {
    return this.#environment.now() - this.#startMs;
  }
}

function refusal(status: number, reason: RelayError): Admitted {
  return { refusal: plain(status, reason) };
}
