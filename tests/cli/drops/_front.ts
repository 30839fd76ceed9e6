/**
 * A server before a relay: it passes requests on, unless a test has it hold one, or answer in the
 * relay's place.
 *
 * @module
 */

/** Answers in the relay's place; `null` to pass the request on. */
export type Answer = (
  request: Request,
  pass: () => Promise<Response>,
) => Response | null | Promise<Response | null>;

/** A request as tests name it: `GET 2`, `PUT 0`, `DELETE`, `GET`, `GET drops`. */
function nameOf({ method, url }: Request): string {
  const [, , , part] = new URL(url).pathname.split("/");
  const isLimits = new URL(url).pathname === "/drops";
  return [method, isLimits ? "drops" : part].filter(Boolean).join(" ");
}

/** The server. */
export class Front implements AsyncDisposable {
  /** Names of the requests so far. */
  readonly requests: string[] = [];
  /** Answers by the name of a request. */
  readonly answers = new Map<string, Answer>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #client = Deno.createHttpClient({});
  readonly #ending = new AbortController();

  /** @param port That of the relay. */
  constructor(private readonly port: number) {
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      signal: this.#ending.signal,
      onListen: () => {},
    }, (request) => this.#answer(request));
  }

  /** Address for clients. */
  get url(): string {
    return `ws://127.0.0.1:${this.#server.addr.port}`;
  }

  /**
   * Holds the next request of a name.
   *
   * @param isPassed Whether the relay gets it before.
   * @returns Resolves once it is held. The request is never answered.
   */
  hold(name: string, isPassed = false): Promise<void> {
    const held = Promise.withResolvers<void>();
    this.answers.set(name, async (_, pass) => {
      this.answers.delete(name);
      if (isPassed) await (await pass()).body?.cancel();
      held.resolve();
      await new Promise<void>((resolve) => {
        this.#ending.signal.addEventListener("abort", () => resolve());
      });
      return new Response();
    });
    return held.promise;
  }

  async #answer(request: Request): Promise<Response> {
    const name = nameOf(request);
    this.requests.push(name);
    const body = request.method === "PUT" ? await request.bytes() : undefined;
    const pass = () => this.#pass(request, body);
    return await this.answers.get(name)?.(request, pass) ?? await pass();
  }

  async #pass(request: Request, body: BodyInit | undefined): Promise<Response> {
    const { pathname } = new URL(request.url);
    const headers = new Headers();
    for (const [name, value] of request.headers) {
      if (name.startsWith("drop-")) headers.set(name, value);
    }
    const answer = await fetch(`http://127.0.0.1:${this.port}${pathname}`, {
      method: request.method,
      headers,
      body,
      client: this.#client,
    });
    const type = answer.headers.get("content-type")!;
    return new Response(await answer.bytes(), {
      status: answer.status,
      headers: { "content-type": type },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#server.finished;
    this.#client.close();
  }
}
