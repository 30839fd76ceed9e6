/**
 * Steps of opening a WebSocket, for whoever explains a failure.
 *
 * @module
 */

/** A step of opening a WebSocket that has failed. */
export type FailedStep =
  /** No connection to the host, or to the proxy. */
  | { step: "connection"; cause: unknown }
  /** The proxy does not connect to the host; `status` is its answer, if it is one of HTTP. */
  | { step: "proxy"; status: number | null }
  /** The proxy's address is not one that this program can use. */
  | { step: "proxy address" }
  | { step: "TLS"; cause: unknown }
  /** The host closes the connection without an answer. */
  | { step: "end" }
  /** The answer is not one of HTTP. */
  | { step: "HTTP" }
  /** An answer of HTTP, but not a WebSocket. */
  | { step: "answer"; answer: HttpAnswer };

/** An HTTP answer that refuses an upgrade. */
export interface HttpAnswer {
  status: number;
  /** Target of a redirection, as written. */
  location: string | null;
  /** Beginning of the body. */
  body: string;
}

/** Thrown by what opens a WebSocket. */
export class OpeningError extends Error {
  override name = "OpeningError";

  constructor(readonly failed: FailedStep) {
    super(`The step "${failed.step}" has failed`, {
      cause: "cause" in failed ? failed.cause : undefined,
    });
  }
}
