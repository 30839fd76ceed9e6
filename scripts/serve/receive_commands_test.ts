import { assertEquals } from "@std/assert";
import { dropCommands } from "./leave/say_left.ts";
import { commandsOf, commandsWith } from "./receive_commands.ts";

/** An address of a relay that a shell would take for three commands. */
const RELAY = "wss://h.example/r?key=a&b=$(id)";

type Share = Parameters<typeof commandsOf>[0];

/** A share that cannot be announced. */
function share(more: Partial<Record<keyof Share, unknown>>): Share {
  return {
    options: { kind: "distillation", relay: RELAY },
    room: null,
    generated: "acorn-bagel-cable-daily",
    addresses: ["[fe80::1%eth0]:9783"],
    announcer: { failure: new Error() },
    recipients: null,
    ...more,
  } as Share;
}

Deno.test("commandsWith() quotes addresses for a shell, and not for Claude Code", () => {
  const found = commandsWith(
    share({ room: { roomCode: "k7p2xq" } }),
    "/receive",
    "receive",
  );
  const typed = `--relay ${RELAY}`;
  const quoted = `--relay '${RELAY}'`;
  const invite = "k7p2xq-acorn-bagel-cable-daily";
  const apart = "--room k7p2xq acorn-bagel-cable-daily";
  assertEquals(found, {
    commands: [`/receive ${typed} ${invite}`, `/receive ${typed} ${apart}`],
    terminal_commands: [
      `receive ${quoted} ${invite}`,
      `receive ${quoted} ${apart}`,
    ],
  });
  assertEquals(
    commandsWith(share({ generated: null }), "/receive", "receive"),
    {
      commands: ["/receive <the same passphrase> [fe80::1%eth0]:9783"],
      terminal_commands: [
        `receive "<the same passphrase>" '[fe80::1%eth0]:9783'`,
      ],
    },
  );
});

Deno.test("commandsOf() quotes the address and a placeholder for a shell, where pairs need them", () => {
  const { commands, terminal_commands } = commandsOf(
    share({ recipients: { knownAs: undefined } }),
  );
  const receive = "/claude-spread:distill-receive";
  assertEquals(commands, [
    `${receive} --from <its name for this machine> [fe80::1%eth0]:9783`,
  ]);
  assertEquals(terminal_commands, [
    `claude-spread receive --from "<its name for this machine>" '[fe80::1%eth0]:9783'`,
  ]);
});

Deno.test("dropCommands() quotes the relay for a shell, and not for Claude Code", () => {
  assertEquals(dropCommands("drop-x", "distillation", RELAY), {
    commands: [`/claude-spread:distill-receive --relay ${RELAY} drop-x`],
    terminal_commands: [`claude-spread receive --relay '${RELAY}' drop-x`],
  });
});
