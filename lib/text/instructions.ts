/**
 * Detection of text that would instruct Claude instead of informing it.
 *
 * Claude Code loads received memory in every session, so a sentence in it can act like a
 * request of the user. These patterns find the common forms in English and Korean, so that
 * the user looks at them. They prove nothing: they miss other words, languages and
 * spellings, and honest memory matches too.
 *
 * @module
 */

/** A line that the user should look at. */
export interface Flag {
  /** Counted from 1. */
  line: number;
  /** The kind of instruction that it resembles. */
  why: string;
  /** The line, shortened. */
  text: string;
}

/** Most lines reported of one text. */
const MAX_FLAGS = 50;

/** Longest excerpt of a line, in UTF-16 units. */
const MAX_TEXT_LENGTH = 200;

/** Longest line searched, in UTF-16 units; a longer line is itself reported. */
const MAX_LINE_LENGTH = 5_000;

const PATTERNS: [why: string, pattern: RegExp][] = [
  [
    "overrides earlier instructions to Claude",
    /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|rules?|prompts?|guidelines|above|previous|prior)\b|(?:이전|위의|모든)\s*(?:지시|명령|규칙).{0,20}(?:무시|잊)/i,
  ],
  [
    "asks to keep something from the user",
    /\b(?:do not|don't|never|without)\b.{0,30}\b(?:tell|mention|inform|show|ask|notify|reveal|asking|telling|confirm(?:ing|ation)?)\b|\b(?:silently|secretly|quietly)\b|사용자에게.{0,20}(?:말하지|알리지|묻지)|몰래/i,
  ],
  [
    "gives an order instead of information",
    /\byou (?:must|should|shall|need to|have to|are required to)\b|\b(?:always|whenever|before (?:each|every)|at the (?:start|beginning))\b.{0,60}\b(?:run|execute|call|fetch|download|send|open|install|push|commit|delete|upload)\b|(?:항상|반드시|매번).{0,40}(?:실행|전송|다운로드|설치|삭제)/i,
  ],
  [
    "runs code from the network",
    /\b(?:curl|wget|iwr|invoke-webrequest)\b.{0,200}\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\b(?:eval|bash -c|sh -c|python3? -c|node -e|base64 (?:-d|--decode))\b/i,
  ],
  [
    "deletes files or opens access",
    /\brm\s+-[a-z]*[rf]|\bchmod\s+(?:-R\s+)?[0-7]*777\b|\bgit\s+push\s+.{0,40}--force\b|\bmkfs\b|\bdd\s+if=/i,
  ],
  [
    "loosens the permissions of Claude",
    /dangerously-skip-permissions|bypassPermissions|acceptEdits|\ballowed-?tools\b|--no-verify\b|\b(?:disable|turn off|skip)\b.{0,30}\b(?:permissions?|checks?|hooks?|sandbox|security|tests?)\b|\.claude\/settings/i,
  ],
  [
    "reaches for secrets",
    /\.ssh\/|\bid_(?:rsa|ed25519)\b|\.aws\/|\.netrc\b|\.env\b|\/etc\/(?:passwd|shadow)|\b(?:api[_ -]?keys?|access[_ -]?tokens?|passwords?|credentials?|private keys?|secrets?)\b.{0,60}\b(?:send|post|upload|print|copy|include|read|share)\b|\b(?:send|post|upload|print|copy|include|read|share)\b.{0,60}\b(?:api[_ -]?keys?|access[_ -]?tokens?|passwords?|credentials?|private keys?|secrets?)\b/i,
  ],
  [
    "sends something to the network",
    /\b(?:send|post|upload|forward|report|exfiltrate)\b.{0,80}https?:\/\//i,
  ],
  [
    "speaks as somebody else",
    /^\s*(?:system|assistant|human|user)\s*:|\bas (?:an? )?(?:ai|assistant|claude|language model)\b|\bthe user (?:has )?(?:already )?(?:agreed|approved|consented|authori[sz]ed|confirmed)\b|\bsystem prompt\b|사용자가.{0,20}(?:동의|승인|허락)/i,
  ],
  ["hides in a comment", /<!--/],
];

/** Finds lines that look like instructions, each with the first pattern that it matches. */
export function findInstructions(text: string): Flag[] {
  const flags: Flag[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (flags.length === MAX_FLAGS) break;
    const why = line.length > MAX_LINE_LENGTH
      ? "is too long to be searched"
      : PATTERNS.find(([, pattern]) => pattern.test(line))?.[0];
    if (why !== undefined) {
      flags.push({ line: i + 1, why, text: line.slice(0, MAX_TEXT_LENGTH) });
    }
  }
  return flags;
}
