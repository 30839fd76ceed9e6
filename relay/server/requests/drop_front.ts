/**
 * The front of drops: reads HTTP requests for them, and words the answers.
 *
 * It decides on nothing but form and load; `drops/drops.ts` has the rules. See
 * RELAY_SERVER_SPEC.md, section 17.
 *
 * @module
 */

import { Refusal, type RefusalCode } from "../../limits/refusal.ts";
import { ID, PART_BYTES } from "../../drops/drop_row.ts";
import { TOKEN } from "../../drops/drop_tokens.ts";
import type { Drops, IncomingPart } from "../../drops/drops.ts";
import { answer, type HttpAnswer, type HttpRequest } from "../http.ts";
import { json, RequestGate } from "./request_gate.ts";

/** Paths of drops: an id and the number of a part, both of which may be missing. */
const PATH = /^\/drops(?:\/([0-9a-f]{32})(?:\/(0|[1-9]\d{0,4}))?)?$/;

/** Form of a size in bytes, and of a time in seconds. */
const NUMBER = /^[1-9]\d{0,9}$/;

/** Surroundings of the front. */
export interface DropFrontOptions {
  /** `null` when this relay keeps no drops. */
  drops: Drops | null;
  isEnding(): boolean;
  /** Counts a refusal. */
  refused(code: RefusalCode): void;
}

/** Answers requests for drops. */
export class DropFront {
  readonly #drops: Drops | null;
  readonly #gate: RequestGate;

  constructor({ drops, ...options }: DropFrontOptions) {
    this.#drops = drops;
    this.#gate = new RequestGate({
      ...options,
      body: { method: "PUT", maxBytes: PART_BYTES },
      mayAsk: (key) => drops?.mayAsk(key) ?? true,
    });
  }

  /** Whether a path belongs to drops. */
  static owns(path: string): boolean {
    return path === "/drops" || path.startsWith("/drops/");
  }

  /** @param address Address of the client, not of a proxy. */
  async answer(
    request: HttpRequest,
    path: string,
    address: string,
  ): Promise<HttpAnswer> {
    const drops = this.#drops;
    if (drops === null) return this.#gate.refuse(new Refusal("drops_off"));
    return await this.#gate.answer(
      request,
      address,
      (body) => answerFor(drops, { request, path, address, body }),
    );
  }
}

/** A request whose body has been read. */
interface DropRequest {
  request: HttpRequest;
  path: string;
  address: string;
  /** `null` except with `PUT`. */
  body: Uint8Array | null;
}

async function answerFor(
  drops: Drops,
  { request, path, address, body }: DropRequest,
): Promise<HttpAnswer> {
  const [found, id, part] = PATH.exec(path) ?? [];
  if (found === undefined) throw new Refusal("bad_request");
  const { method } = request;
  if (id === undefined) {
    if (method === "GET") return json(200, { ...drops.offer });
  } else if (part === undefined) {
    if (method === "GET") {
      return json(200, { ...await look(drops, id, request) });
    }
    if (method === "DELETE") {
      return json(200, { ...await end(drops, id, request) });
    }
  } else if (method === "GET") {
    const bytes = await drops.take(id, Number(part), takerOf(request));
    const made = answer(200, "application/octet-stream", bytes);
    return { ...made, keepsOpen: true };
  } else if (body !== null) {
    const leaving = leavingOf(request, id, Number(part));
    const { isNew, state } = await drops.leave({ ...leaving, address, body });
    return json(isNew ? 201 : 200, { ...state });
  }
  throw new Refusal("method");
}

function look(drops: Drops, id: string, request: HttpRequest) {
  const token = optional(request, "drop-delete", TOKEN);
  return token === undefined
    ? drops.look(id, "takeHash", required(request, "drop-take", TOKEN))
    : drops.look(id, "deleteHash", token);
}

function end(drops: Drops, id: string, request: HttpRequest) {
  const token = optional(request, "drop-delete", TOKEN);
  return token === undefined
    ? drops.acknowledge(id, takerOf(request))
    : drops.withdraw(id, token);
}

function takerOf(request: HttpRequest) {
  return {
    takeToken: required(request, "drop-take", TOKEN),
    taking: required(request, "drop-taking", ID),
  };
}

function leavingOf(
  request: HttpRequest,
  id: string,
  part: number,
): Omit<IncomingPart, "address" | "body"> {
  const deleteToken = required(request, "drop-delete", TOKEN);
  if (part > 0) return { id, part, deleteToken };
  const ttl = optional(request, "drop-ttl", NUMBER);
  return {
    id,
    part,
    deleteToken,
    drop: {
      takeToken: required(request, "drop-take", TOKEN),
      bytes: Number(required(request, "drop-bytes", NUMBER)),
      ttlMs: ttl === undefined ? undefined : Number(ttl) * 1000,
    },
  };
}

function required(request: HttpRequest, name: string, form: RegExp): string {
  const value = optional(request, name, form);
  if (value === undefined) throw new Refusal("bad_request");
  return value;
}

function optional(
  { header }: HttpRequest,
  name: string,
  form: RegExp,
): string | undefined {
  const value = header(name);
  if (value !== undefined && !form.test(value)) {
    throw new Refusal("bad_request");
  }
  return value;
}
