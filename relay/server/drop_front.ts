/**
 * The front of drops: reads HTTP requests for them, and words the answers.
 *
 * It decides on nothing but form and load; `drops/drops.ts` has the rules. See
 * RELAY_SERVER_SPEC.md, section 17.
 *
 * @module
 */

import { Admission } from "../../lib/admission/admission.ts";
import { networkKey } from "../../lib/admission/network_key.ts";
import {
  DropRefusal,
  type RefusalCode,
  STATUS,
} from "../drops/drop_refusal.ts";
import { ID, PART_BYTES } from "../drops/drop_row.ts";
import { TOKEN } from "../drops/drop_tokens.ts";
import type { Drops, Leaving } from "../drops/drops.ts";
import { answer, type HttpAnswer, type HttpRequest, readBody } from "./http.ts";

/**
 * Requests that are answered at the same time; each may hold a part in memory. When there are too
 * many, the oldest whose body is still to come ends.
 */
const MAX_REQUESTS = { total: 64, perKey: 16 };

/** Time for the body of a request to arrive, in milliseconds. */
const BODY_MS = 10_000;

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
  readonly #admission = new Admission(MAX_REQUESTS);

  constructor(private readonly options: DropFrontOptions) {}

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
    const { drops, refused } = this.options;
    try {
      if (drops === null) throw new DropRefusal("drops_off");
      const evicted = new AbortController();
      using place = this.#admission.enter(
        networkKey(address),
        () => evicted.abort(),
      );
      if (place === null) throw new DropRefusal("too_many_requests");
      // Read before anything is refused: a client that still sends may not get the answer.
      const body = request.method === "PUT"
        ? await bodyOf(request, evicted.signal)
        : null;
      place.confirm();
      this.#check(drops, request, address);
      return await answerFor(drops, { request, path, address, body });
    } catch (error) {
      if (!(error instanceof DropRefusal)) throw error;
      refused(error.code);
      return json(STATUS[error.code], { error: error.code, ...error.fields });
    }
  }

  #check(drops: Drops, { header }: HttpRequest, address: string): void {
    if (header("origin") !== undefined) throw new DropRefusal("web_page");
    if (this.options.isEnding()) throw new DropRefusal("shutting_down");
    if (!drops.mayAsk(address)) throw new DropRefusal("too_many_requests");
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
  if (found === undefined) throw new DropRefusal("bad_request");
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
    return open(answer(200, "application/octet-stream", bytes));
  } else if (body !== null) {
    const leaving = leavingOf(request, id, Number(part));
    const { isNew, state } = await drops.leave({ ...leaving, address, body });
    return json(isNew ? 201 : 200, { ...state });
  }
  throw new DropRefusal("method");
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
): Omit<Leaving, "address" | "body"> {
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
  if (value === undefined) throw new DropRefusal("bad_request");
  return value;
}

function optional(
  { header }: HttpRequest,
  name: string,
  form: RegExp,
): string | undefined {
  const value = header(name);
  if (value !== undefined && !form.test(value)) {
    throw new DropRefusal("bad_request");
  }
  return value;
}

async function bodyOf(
  request: HttpRequest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const limits = { limitMs: BODY_MS, signal };
  const body = await readBody(request, PART_BYTES, limits);
  if (body === "long") throw new DropRefusal("part_too_large");
  if (body === "late") throw new DropRefusal("part_late");
  return body;
}

function json(status: number, value: Record<string, unknown>): HttpAnswer {
  const made = answer(status, "application/json", JSON.stringify(value) + "\n");
  // What is refused may have a body that nobody has read.
  return status < 300 ? open(made) : made;
}

/** Lets the connection be used for the next part. */
function open(made: HttpAnswer): HttpAnswer {
  return { ...made, keepsOpen: true };
}
