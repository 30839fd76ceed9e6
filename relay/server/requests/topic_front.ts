/**
 * The front of topics: answers which rooms can be joined, and which drops wait, by topic.
 *
 * See RELAY_SERVER_SPEC.md, section 18.
 *
 * @module
 */

import {
  decodeTopics,
  MAX_ASKED,
  MAX_FOUND,
  TOPIC_BYTES,
  type TopicMatch,
  TOPICS_PATH,
} from "../../../lib/relay_topics.ts";
import { Refusal } from "../../limits/refusal.ts";
import type { HttpAnswer, HttpRequest } from "../http.ts";
import { type GateOptions, json, RequestGate } from "./request_gate.ts";

/** Surroundings of the front. */
export interface TopicFrontOptions extends Omit<GateOptions, "body"> {
  /** Returns the rooms with these topics. Rejects when the database fails. */
  rooms(topics: readonly string[]): Promise<{ topic: string; room: string }[]>;
  /** Returns those of these topics that are ids of drops that can be taken. Rejects likewise. */
  drops(topics: readonly string[]): Promise<string[]>;
  /** Counts a request that was answered. */
  answered(): void;
}

/** Answers requests for topics. */
export class TopicFront {
  readonly #options: TopicFrontOptions;
  readonly #gate: RequestGate;

  constructor(options: TopicFrontOptions) {
    this.#options = options;
    const body = { method: "POST", maxBytes: MAX_ASKED * TOPIC_BYTES };
    this.#gate = new RequestGate({ ...options, body });
  }

  /** Whether a path belongs to topics. */
  static owns(path: string): boolean {
    return path === TOPICS_PATH;
  }

  /** @param address Address of the client, not of a proxy. */
  answer(request: HttpRequest, address: string): Promise<HttpAnswer> {
    return this.#gate.answer(request, address, async (body) => {
      if (body === null) throw new Refusal("method");
      const topics = decodeTopics(body);
      if (topics === null) throw new Refusal("bad_request");
      const found = await this.#lookUp(topics);
      this.#options.answered();
      return json(200, { found });
    });
  }

  async #lookUp(topics: string[]): Promise<TopicMatch[]> {
    const { rooms, drops } = this.#options;
    const [open, waiting] = await Promise.all([rooms(topics), drops(topics)])
      // An answer without rooms and drops would be wrong.
      .catch(() => {
        throw new Refusal("store_failed");
      });
    const found: TopicMatch[] = [
      ...open,
      ...waiting.map((topic) => ({ topic, drop: true as const })),
    ];
    return found.slice(0, MAX_FOUND);
  }
}
