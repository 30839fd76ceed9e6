import { assert } from "@std/assert";
import { listenToOwner } from "./owner_control.ts";
import { askShare } from "./owner_exchange.ts";

/** Runs `body` while the first connection of every new listener cannot be accepted. */
async function withoutDescriptor(body: () => Promise<void>): Promise<void> {
  const { listen } = Deno;
  const value = (options: Deno.TcpListenOptions) => {
    const listener = listen(options);
    const real = listener.accept.bind(listener);
    let isFirst = true;
    listener.accept = () => {
      const accepting = isFirst
        ? Promise.reject(new Error("Too many open files (os error 24)"))
        : real();
      isFirst = false;
      return accepting;
    };
    return listener;
  };
  Object.defineProperty(Deno, "listen", { value, configurable: true });
  try {
    await body();
  } finally {
    Object.defineProperty(Deno, "listen", {
      value: listen,
      configurable: true,
    });
  }
}

// Breaks when the share hears no owner any more, once it had no file descriptor to spare.
Deno.test("listenToOwner() hears the owner after a connection that could not be accepted", async () => {
  await withoutDescriptor(async () => {
    const [id, token] = ["01234567", "a".repeat(32)];
    const stopped = Promise.withResolvers<void>();
    using control = listenToOwner({ id, token, onStop: stopped.resolve });
    const { port } = control;
    const ends = "2099-01-01T00:00:00Z";
    const share = { id, port, token, ends };
    const ask = () => askShare(share, "stop", new Date());
    // Twice, because a busy machine may need longer than the owner waits.
    const answers = [await ask(), await ask()];
    assert(answers.includes("answered"), `${answers}`);
    await stopped.promise;
  });
});
