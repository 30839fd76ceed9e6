/**
 * Control of a share by its owner: `status` and `stop` talk to it over loopback, with the
 * token from its entry. Without the token a peer learns nothing and changes nothing.
 *
 * @module
 */

import { timingSafeEqual } from "@std/crypto";
import * as v from "valibot";
import { Admission, OWNER_LIMITS } from "../admission/admission.ts";
import { utf8 } from "../bytes.ts";
import { accept } from "../waiting.ts";
import { type ControlCommand, Exchange } from "./owner_exchange.ts";

const RequestSchema = v.object({
  token: v.string(),
  command: v.picklist(["ping", "stop"]),
});

/** The listener of a share for its owner. */
export interface Control extends Disposable {
  port: number;
}

/**
 * Listens to the owner.
 *
 * @param onStop Called when the owner wants the share to end, once the answer is sent.
 */
export function listenToOwner(
  { id, token, onStop }: { id: string; token: string; onStop: () => void },
): Control {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const admission = new Admission(OWNER_LIMITS);
  const answer = async (conn: Deno.TcpConn) => {
    using exchanging = new Exchange(conn);
    // Other users of this machine can connect as well, and be silent.
    using _place = admission.enter("", () => exchanging[Symbol.dispose]());
    const command = await hear(exchanging, { id, token });
    if (command === "stop") onStop();
  };
  void (async () => {
    for (let conn; (conn = await accept(listener)) !== null;) {
      answer(conn).catch(() => {});
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.dispose]: () => listener.close(),
  };
}

/** Reads a command of the owner, and answers it; `null` for anybody else. */
async function hear(
  exchange: Exchange,
  { id, token }: { id: string; token: string },
): Promise<ControlCommand | null> {
  const request = v.parse(RequestSchema, await exchange.readLine());
  if (!isSame(request.token, token)) return null;
  await exchange.writeLine({ id });
  return request.command;
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [utf8(given), utf8(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
