/**
 * The gateway of the scripted model, as a process, because it has to stand in the network of the
 * client: an HTTP server on loopback that asks over standard output what to answer.
 *
 * Prints `{"port"}`, then `{"id", "url", "body"}` for each request; takes
 * `{"id", "type", "body"}` for each answer, one a line. Ends with its standard input.
 *
 * @module
 */

import { TextLineStream } from "./_lines.ts";

/** An answer: content type and body. */
interface Answer {
  id: number;
  type: string;
  body: string;
}

const waiting = new Map<number, (answer: Answer) => void>();
let count = 0;

function say(line: unknown): void {
  console.log(JSON.stringify(line));
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => say({ port }),
}, async (request) => {
  const id = count++;
  const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
  say({ id, url: request.url, body: await request.text() });
  const { type, body } = await answer;
  waiting.delete(id);
  return new Response(body, { headers: { "content-type": type } });
});

const lines = Deno.stdin.readable
  .pipeThrough(new TextDecoderStream())
  .pipeThrough(new TextLineStream());
for await (const line of lines) {
  const answer: Answer = JSON.parse(line);
  waiting.get(answer.id)?.(answer);
}
Deno.exit(0);
