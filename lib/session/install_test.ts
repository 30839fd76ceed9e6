/** Files of sessions as they come in and land: what is refused, and that nothing is left half-done. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../errors.ts";
import {
  assistant,
  listFiles,
  NOW,
  packedLines,
  Receiver,
  TALK,
} from "../testing/session.ts";

Deno.test("installSession() takes no id that is there, as a file or as a folder", async () => {
  await using receiver = await Receiver.make();
  const id = (n: number) => `0a1b2c3d-0000-4000-8000-00000000000${n}`;
  await Deno.mkdir(`${receiver.sessions}/${id(2)}`, { recursive: true });
  await Deno.writeTextFile(`${receiver.sessions}/${id(1)}.jsonl`, "Mine");
  const ids = [id(1), id(2), id(3)];
  const file = await receiver.write(packedLines(TALK));
  const installed = await receiver.install(file, { newId: () => ids.shift()! });
  assertEquals(installed.id, id(3));
  assertEquals(
    await Deno.readTextFile(`${receiver.sessions}/${id(1)}.jsonl`),
    "Mine",
  );
});

Deno.test("installSession() overwrites nothing, when somebody takes the id meanwhile", async () => {
  const id = "0a1b2c3d-0000-4000-8000-000000000001";
  const taken: [string, (receiver: Receiver) => Promise<unknown>][] = [
    [
      "a file",
      ({ sessions }) => Deno.writeTextFile(`${sessions}/${id}.jsonl`, "Mine"),
    ],
    [
      "a link",
      ({ sessions, folder }) =>
        Deno.symlink(`${folder}/victim`, `${sessions}/${id}.jsonl`),
    ],
    ["a folder", ({ sessions }) => Deno.mkdir(`${sessions}/${id}`)],
  ];
  for (const [what, take] of taken) {
    await using receiver = await Receiver.make();
    await Deno.mkdir(receiver.sessions, { recursive: true });
    const file = await receiver.write(packedLines(TALK, {
      companions: [{ part: "tool_result", name: "a.txt" }, { text: "x" }],
    }));
    const signal = AbortSignal.abort();
    // It is asked at each line, the first of them after the id was chosen.
    Object.defineProperty(signal, "throwIfAborted", {
      value: () => take(receiver).catch(() => {}),
    });
    const error = await assertRejects(
      () => receiver.install(file, { newId: () => id, signal }),
      SpreadError,
    );
    assertEquals(error.code, "CANNOT_STORE", what);
    const there = await listFiles(receiver.sessions);
    assertEquals(there.length, 1, `${what}: ${there}`);
    assertEquals(await listFiles(receiver.history), []);
    assertEquals(
      await listFiles(receiver.folder).then((all) => all.includes("victim")),
      false,
    );
  }
});

Deno.test("installSession() says why it failed, and keeps the record of what it cannot remove again", async () => {
  await using receiver = await Receiver.make();
  const id = "0a1b2c3d-0000-4000-8000-000000000001";
  const file = await receiver.write(packedLines(TALK, {
    companions: [{ part: "tool_result", name: "a.txt" }, { text: "x" }],
  }));
  const taken = `${receiver.sessions}/${id}.jsonl`;
  const signal = AbortSignal.abort();
  // It is asked at each line, the first of them after the id was chosen.
  signal.throwIfAborted = () => Deno.writeTextFileSync(taken, "Mine");
  const { remove } = Deno;
  Deno.remove = (path, options) =>
    path === `${receiver.sessions}/${id}`
      ? Promise.reject(new Deno.errors.PermissionDenied("odd"))
      : remove(path, options);
  try {
    const error = await assertRejects(
      () => receiver.install(file, { newId: () => id, signal }),
      SpreadError,
    );
    assertEquals(error.code, "CANNOT_STORE");
  } finally {
    Deno.remove = remove;
  }
  assertEquals(await listFiles(receiver.history), [`${id}.json`]);
});

Deno.test("installSession() refuses a project that is not there", async () => {
  await using receiver = await Receiver.make();
  const file = await receiver.write(packedLines(TALK));
  const cwd = `${receiver.folder}/none`;
  const surroundings = { home: receiver.folder, cwd, env: () => undefined };
  await receiver.refuses(file, "USAGE", `There is no folder "${cwd}"`, {
    surroundings,
  });
});

Deno.test("installSession() leaves nothing when it is stopped half-way", async () => {
  await using receiver = await Receiver.make();
  const many = Array.from(
    { length: 5000 },
    (_, i) => assistant(`a${i}`, null, "x".repeat(500)),
  );
  const file = await receiver.write(packedLines(many));
  const before = await listFiles(receiver.folder);
  const { signal } = new AbortController();
  let checks = 0;
  // By its own count, because a timer may come when all of it is done.
  signal.throwIfAborted = () => {
    if (++checks > 2500) throw new Error("Stopped");
  };
  const installing = receiver.install(file, { signal });
  await assertRejects(() => installing, Error, "Stopped");
  assertEquals(await listFiles(receiver.folder), before);
});

Deno.test("installSession() places nothing when its history cannot be kept", async () => {
  await using receiver = await Receiver.make();
  await Deno.writeTextFile(`${receiver.folder}/state`, "in the way");
  const file = await receiver.write(packedLines(TALK, {
    companions: [{ part: "tool_result", name: "a.txt" }, { text: "x" }],
  }));
  await receiver.refuses(
    file,
    "CANNOT_STORE",
    `Cannot write to "${receiver.history}": it is not writable`,
  );
});

Deno.test({
  name:
    "installSession() keeps the record before anything is in place, so that it can be undone whenever it is cut off",
  // Elsewhere changes in two folders come in no order.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using receiver = await Receiver.make();
    for (const folder of [receiver.history, receiver.sessions]) {
      await Deno.mkdir(folder, { recursive: true });
    }
    const file = await receiver.write(packedLines(TALK, {
      companions: [{ part: "tool_result", name: "a.txt" }, { text: "x" }],
    }));
    using changes = Deno.watchFs([receiver.history, receiver.sessions]);
    const { id, path } = await receiver.install(file);
    const order: string[] = [];
    const awaited = [`${receiver.history}/${id}.json`, path.slice(0, -6), path];
    for await (const { paths } of changes) {
      order.push(...paths.filter((one) => awaited.includes(one)));
      if (order.includes(path)) break;
    }
    assertEquals([...new Set(order)], awaited);
  },
});

Deno.test("installSession() removes what an installation left that was cut off a day ago", async () => {
  await using receiver = await Receiver.make();
  const names = ["old", "new"].map(() =>
    `.claude-spread-${crypto.randomUUID()}.part`
  );
  for (const name of [...names, ".claude-spread-mine.part"]) {
    await Deno.mkdir(`${receiver.sessions}/${name}`, { recursive: true });
    await Deno.writeTextFile(`${receiver.sessions}/${name}/x`, "x");
  }
  const dayAgo = new Date(NOW.getTime() - 25 * 60 * 60 * 1000);
  for (let link = 0; link < 10; link++) {
    // Its age cannot be told.
    const name = `.claude-spread-${crypto.randomUUID()}.part`;
    await Deno.symlink("nowhere", `${receiver.sessions}/${name}`);
  }
  await Deno.utime(`${receiver.sessions}/${names[0]}`, dayAgo, dayAgo);
  await Deno.utime(`${receiver.sessions}/${names[1]}`, NOW, NOW);
  await receiver.install(await receiver.write(packedLines(TALK)));
  const left = (await listFiles(receiver.sessions)).filter((name) =>
    name.startsWith(".") && name.endsWith("/")
  );
  assertEquals(left, [`${names[1]}/`, ".claude-spread-mine.part/"].sort());
});

Deno.test("installSession() gives files the time of now and their owner only", async () => {
  await using receiver = await Receiver.make();
  const before = Date.now() - 1000;
  const { installed } = await receiver.rebuild(TALK);
  const { mode, mtime } = await Deno.stat(installed.path);
  assertEquals(mode! & 0o777, 0o600);
  assert(mtime!.getTime() >= before);
  const record = await Deno.stat(`${receiver.history}/${installed.id}.json`);
  assertEquals(record.mode! & 0o777, 0o600);
  assertEquals((await Deno.stat(receiver.history)).mode! & 0o777, 0o700);
});
