/**
 * The files in `deploy/`: everything that they name exists, and belongs to this version.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import deno from "../../deno.json" with { type: "json" };
import { startLocalRelay } from "../../relay/testing/local_relay.ts";
import { root } from "../support/places.ts";

const read = (path: string) => Deno.readTextFileSync(`${root}/${path}`);

const FLAGS = deno.tasks.relay.command.split(" ").slice(2);

Deno.test("every way to run a relay names the release of this version, and starts it as the task does", () => {
  const { version } = deno;
  for (
    const [path, count] of [
      ["docs/self_hosting.md", 2],
      ["deploy/Containerfile", 1],
      ["deploy/claude-spread-relay.service", 1],
    ] as const
  ) {
    const tags = read(path).match(/\bv\d+\.\d+\.\d+(?=[ /])/g);
    assertEquals(tags, Array(count).fill(`v${version}`), path);
  }
  const container = read("deploy/Containerfile");
  assertStringIncludes(container, `image.version="${version}"`);
  assertStringIncludes(read("deploy/compose.yaml"), `relay:${version}\n`);
  const command = /^CMD (.*)$/m.exec(container)![1]!;
  const unit = /^ExecStart=.*?deno (.*)$/m.exec(
    read("deploy/claude-spread-relay.service"),
  )![1]!;
  for (const args of [JSON.parse(command) as string[], unit.split(" ")]) {
    assertEquals(
      args.filter((arg) => !["run", "--frozen", "--cached-only"].includes(arg)),
      FLAGS,
    );
  }
});

Deno.test("the image has what the relay loads, and neither tests nor anything else", async () => {
  const kept = read(".dockerignore").split("\n")
    .filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  const copied = read("deploy/Containerfile").match(/^COPY .*$/gm)!
    .flatMap((line) => line.split(" ").slice(1, -1));
  assertEquals(copied, kept);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "relay/main.ts"],
    cwd: root,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const own = (modules as { specifier: string }[])
    .map(({ specifier }) => specifier.split(`${root}/`)[1])
    .filter((path) => path !== undefined);
  assert(own.length > 20);
  for (const path of own) {
    assert(kept.some((name) => path === name || path.startsWith(`${name}/`)));
    assert(!/_test\.ts$|\/testing\//.test(path), path);
  }
});

Deno.test("the compose file bounds the relay, and keeps its secret out of the file", () => {
  const { services } = parse(read("deploy/compose.yaml")) as {
    services: Record<string, Record<string, unknown>>;
  };
  const { relay, caddy } = services;
  assertEquals([relay!.mem_limit, relay!.ports], ["1g", undefined]);
  assertEquals(relay!.cap_drop, ["ALL"]);
  const { RELAY_SECRET } = relay!.environment as Record<string, string>;
  assert(RELAY_SECRET!.startsWith("${RELAY_SECRET:?"));
  assertStringIncludes(String(caddy!.command), "--to relay:9784");
});

Deno.test({
  name:
    "the image's health check tells a relay that answers from one that does not",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const line = /HEALTHCHECK[^[]*(\[.*\])/.exec(read("deploy/Containerfile"))!;
    const [program, ...args] = JSON.parse(line[1]!) as string[];
    const check = async (port: string) =>
      (await new Deno.Command(program!, {
        args,
        env: { RELAY_PORT: port },
        stderr: "null",
      }).output()).code;
    let port = "";
    {
      await using relay = await startLocalRelay();
      port = new URL(relay.url).port;
      assertEquals(await check(port), 0);
    }
    assertEquals(await check(port), 1);
  },
});
