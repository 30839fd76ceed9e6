/**
 * The page at `/`: describes this server to a person who opens it in a browser.
 *
 * @module
 */

import {
  MARKETPLACE,
  PLUGIN_NAME,
  REPOSITORY,
  skillCommand,
} from "../../lib/plugin_name.ts";

/** Headers that keep the page from loading or running anything, and from being framed. */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** Longest lives of what a relay keeps, in milliseconds. */
export interface Lives {
  room: number;
  /** `null` when the relay keeps no drops. */
  drop: number | null;
}

/**
 * Returns the page as HTML.
 *
 * @param url Address of this relay as people type it, such as `wss://relay.example.org`.
 */
export function renderPage(url: string, version: string, lives: Lives): string {
  const relay = `--relay ${url}`;
  const share = `${skillCommand("distill-share")} ${relay}`;
  const receive = `${skillCommand("distill-receive")} ${relay}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Claude Spread relay</title>
<style>
:root { color-scheme: light dark; font: 17px/1.55 system-ui, sans-serif; --line: light-dark(#767676, #8f8f8f); --quiet: light-dark(#555, #b4b4b4); --link: light-dark(#0b57b0, #8ab8ff) }
body { max-width: 50rem; margin: 0 auto; padding: 3rem 1.25rem; background: light-dark(#fff, #16181c); color: light-dark(#1c1c1c, #ececec) }
h1 { font-size: 1.7rem; line-height: 1.2 }
h2 { font-size: 1.1rem; margin-top: 2rem }
a { color: var(--link) }
pre { margin: .6rem 0; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .5rem; overflow-x: auto; font-size: .9rem }
pre code { white-space: nowrap; user-select: all; -webkit-user-select: all }
footer { margin-top: 3rem; color: var(--quiet); font-size: .85rem }
</style>
<header>
<h1>Claude Spread relay</h1>
<p>Claude Spread hands what a <a href="https://claude.com/product/claude-code">Claude Code</a> session knows to another machine.
This server lets it do so between two machines on different networks. Both connect to it, and it forwards what they send. It
cannot read any of that: everything is encrypted from end to end with a passphrase that never reaches this server.</p>
</header>
<main>
<h2>Install</h2>
<p>Once on each machine, in Claude Code. One click selects a whole command.</p>
${line(`/plugin marketplace add ${REPOSITORY}`)}
${line(`/plugin install ${PLUGIN_NAME}@${MARKETPLACE}`)}
<h2>Share</h2>
${line(share)}
<p>The sender then sees an invite, such as <code>${INVITE}</code>: a room code and four words. Send it to the
receiver where nobody else can read it.</p>
<h2>Receive</h2>
${line(`${receive} ${INVITE}`)}
<h2>With a passphrase of your own</h2>
<p>The sender chooses a passphrase, and tells the receiver both it and the room code, such as <code>k7m2xq</code>.</p>
${line(`${share} our secret words`)}
${line(`${receive} --room k7m2xq our secret words`)}
<h2>What this server stores</h2>
<p>The server does not keep messages after it has forwarded them. A room lasts for ${
    formatLife(lives.room)
  }; a transfer under way then may
finish. For each room the log records only how it ended, how many receivers came, how many bytes passed, how long it was open,
and from which network (not which address) its sender came.</p>${dropsOf(lives)}
</main>
<footer>Version ${escapeHtml(version)} ·
<a href="/health">health</a> · <a href="/metrics">metrics</a></footer>
</html>
`;
}

/** The invite in the examples. */
const INVITE = "k7m2xq-niece-broke-zippy-iron";

/** Returns the paragraph about drops; empty without drops. */
function dropsOf({ drop }: Lives): string {
  if (drop === null) return "";
  return `
<p>The server also keeps payloads that wait for a receiver, encrypted, for at most ${
    formatLife(drop)
  }. For each of them
the log records only how many bytes it has, from which network its sender came, and how it ended.</p>`;
}

/** Words a life in the largest unit that it fills, rounded up. */
function formatLife(ms: number): string {
  const minutes = ms / 60_000;
  const [count, unit] = minutes < 2 * 60
    ? [minutes, "minute"]
    : minutes < 2 * 24 * 60
    ? [minutes / 60, "hour"]
    : [minutes / 60 / 24, "day"];
  return Math.ceil(count) === 1 ? `1 ${unit}` : `${Math.ceil(count)} ${unit}s`;
}

/** A command on one line, which scrolls where it does not fit and is selected as a whole. */
function line(command: string): string {
  return `<pre tabindex="0"><code>${escapeHtml(command)}</code></pre>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
