/**
 * The steps of opening a WebSocket, as an error reports them to the code that explains a failure.
 *
 * @module
 */

/** A failed step of opening a WebSocket. */
export type FailedStep =
  /** No connection to the host, or to the proxy. */
  | { step: "connection"; cause: unknown }
  /** The proxy does not connect to the host; `status` is `null` when its answer is not HTTP. */
  | { step: "proxy"; status: number | null }
  /** The proxy's address is not one that this program can use. */
  | { step: "proxy address" }
  | { step: "TLS"; cause: unknown }
  /** The host closes the connection without an answer. */
  | { step: "end" }
  /** The answer is not HTTP. */
  | { step: "HTTP" }
  /** An HTTP answer that does not open a WebSocket. */
  | { step: "answer"; answer: RefusingAnswer };

/** An HTTP answer that refuses an upgrade. */
export interface RefusingAnswer {
  status: number;
  /** Target of a redirection, as written. */
  location: string | null;
  /** Beginning of the body: 256 bytes at most. */
  body: string;
}

/** Thrown when a WebSocket cannot be opened. */
export class OpeningError extends Error {
  override name = "OpeningError";

  constructor(readonly failed: FailedStep) {
    super(`The step "${failed.step}" has failed`, {
      cause: "cause" in failed ? failed.cause : undefined,
    });
  }
}
