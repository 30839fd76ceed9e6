/**
 * The page at `/`: describes this server to a person who opens it in a browser.
 *
 * @module
 */

import { skillCommand } from "../../lib/plugin_name.ts";

/** Headers that forbid the page to load, run or be framed in anything. */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/**
 * Returns the page as HTML.
 *
 * @param url Address of this relay as clients type it, such as `wss://relay.example.org`.
 */
export function renderPage(
  url: string,
  version: string,
  ttlMinutes: number,
): string {
  const safeUrl = escapeHtml(url);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Claude Spread relay</title>
<style>
:root { color-scheme: light dark; font: 17px/1.55 system-ui, sans-serif }
body { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem }
h1 { font-size: 1.7rem; line-height: 1.2 }
h2 { font-size: 1.1rem; margin-top: 2rem }
pre { padding: .8rem 1rem; border: 1px solid #8886; border-radius: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9rem }
footer { margin-top: 3rem; opacity: .7; font-size: .85rem }
</style>
<h1>Claude Spread relay</h1>
<p>This server hands what a Claude Code session knows from one machine to another when the two
are not on one network. Both sides connect to it; it forwards what they send and cannot read it:
everything is encrypted from end to end with a passphrase that never comes here.</p>
<h2>Share</h2>
<pre>${skillCommand("distill-share")} --relay ${safeUrl}</pre>
<h2>Receive</h2>
<p>with the invite that the sender gives you, such as <code>k7m2xq-niece-broke-zippy-iron</code>:</p>
<pre>${
    skillCommand("distill-receive")
  } --relay ${safeUrl} k7m2xq-niece-broke-zippy-iron</pre>
<h2>What is kept</h2>
<p>Nothing that passes, once it has been forwarded. A room lasts ${ttlMinutes} minutes at most, and the log says of each room
only how it ended, how many bytes went through, and from which network its sender came.</p>
<footer>Version ${
    escapeHtml(version)
  } · <a href="/health">health</a> · <a href="/metrics">metrics</a></footer>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
