/**
 * The gate of requests for drops and topics, which each of them has to pass, and the form of the
 * answers.
 *
 * It limits load and checks who asks. The fronts behind it read the requests. See
 * RELAY_SERVER_SPEC.md, sections 17.7 and 18.4.
 *
 * @module
 */

import { Admission } from "../../../lib/admission/admission.ts";
import { networkKey } from "../../../lib/admission/network_key.ts";
import { Refusal, type RefusalCode, STATUS } from "../../limits/refusal.ts";
import {
  answer,
  discardBody,
  type HttpAnswer,
  type HttpRequest,
  readBody,
} from "../http.ts";

/**
 * Requests that are answered at the same time; each may hold a body in memory. When there are too
 * many, the oldest whose body is still to come ends.
 */
const MAX_REQUESTS = { total: 64, perKey: 16 };

/** Time for the body of a request to arrive, in milliseconds. */
const BODY_MS = 10_000;

/** Questions of a gate to its surroundings. */
export interface GateOptions {
  /** The method whose requests have a body, and most bytes of it. */
  body: { method: string; maxBytes: number };
  isEnding(): boolean;
  /** Whether the network, from `networkKey()`, may ask again; counts the request. */
  mayAsk(key: string): boolean;
  /** Counts a refusal. */
  refused(code: RefusalCode): void;
}

/** Lets requests of one kind in. */
export class RequestGate {
  readonly #admission = new Admission(MAX_REQUESTS);

  constructor(private readonly options: GateOptions) {}

  /**
   * Answers a request by what `act` returns, or by the refusal that it throws.
   *
   * @param address Address of the client, not of a proxy.
   * @param act Takes the body: `null` when the method has none.
   */
  async answer(
    request: HttpRequest,
    address: string,
    act: (body: Uint8Array | null) => Promise<HttpAnswer>,
  ): Promise<HttpAnswer> {
    try {
      const key = networkKey(address);
      const evicted = new AbortController();
      using place = this.#admission.enter(key, () => evicted.abort());
      if (place === null) throw new Refusal("too_many_requests");
      // Read before anything is refused: a client that still sends may not get the answer.
      const body = await this.#bodyOf(request, evicted.signal);
      place.confirm();
      try {
        this.#check(request, key);
        return await act(body);
      } finally {
        if (body !== null) discardBody(body);
      }
    } catch (error) {
      if (error instanceof Refusal) return this.refuse(error);
      throw error;
    }
  }

  /** Words a refusal, and counts it. */
  refuse({ code, fields }: Refusal): HttpAnswer {
    this.options.refused(code);
    return json(STATUS[code], { error: code, ...fields });
  }

  #check({ header }: HttpRequest, key: string): void {
    const { isEnding, mayAsk } = this.options;
    if (header("origin") !== undefined) throw new Refusal("web_page");
    if (isEnding()) throw new Refusal("shutting_down");
    if (!mayAsk(key)) throw new Refusal("too_many_requests");
  }

  async #bodyOf(
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<Uint8Array | null> {
    const { method, maxBytes } = this.options.body;
    if (request.method !== method) return null;
    const limits = { limitMs: BODY_MS, signal };
    const body = await readBody(request, maxBytes, limits);
    if (body === "long") throw new Refusal("body_too_large");
    if (body === "late") throw new Refusal("body_late");
    return body;
  }
}

/** Makes an answer of JSON; one that succeeds lets the connection be used for another request. */
export function json(
  status: number,
  value: Record<string, unknown>,
): HttpAnswer {
  const made = answer(status, "application/json", JSON.stringify(value) + "\n");
  // What is refused may have a body that nobody has read.
  return status < 400 ? { ...made, keepsOpen: true } : made;
}
