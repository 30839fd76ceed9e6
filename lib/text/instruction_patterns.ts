/**
 * Phrases that instruct, in English and Korean: small letters, as in a skeleton.
 *
 * Every repetition that can follow many places in a text is bounded, or is of blanks, so that
 * a search takes a time that grows with the text.
 *
 * @module
 */

/** Words, or words with others not far behind them. */
export type Phrase =
  | RegExp
  | {
    first: RegExp;
    /** Most characters in between. */
    within: number;
    then: RegExp;
  };

const SENDING = /\b(?:send|post|upload|print|copy|include|read|share)\b/g;
const SECRETS =
  /\b(?:api[_ -]?keys?|access[_ -]?tokens?|passwords?|credentials?|private\s+keys?|secrets?)\b/g;

/** Kinds of instruction, the most telling first. */
export const PATTERNS: { why: string; phrases: Phrase[] }[] = [
  {
    why: "overrides earlier instructions to Claude",
    phrases: [
      {
        first: /\b(?:ignore|disregard|forget|override)\b/g,
        within: 40,
        then:
          /\b(?:instructions?|rules?|prompts?|guidelines|above|previous|prior)\b/g,
      },
      {
        first: /(?:이전|위의|모든)\s*(?:지시|명령|규칙)/g,
        within: 20,
        then: /무시|잊/g,
      },
    ],
  },
  {
    why: "asks to keep something from the user",
    phrases: [
      {
        first: /\b(?:do\s+not|don't|never|without)\b/g,
        within: 30,
        then:
          /\b(?:tell|mention|inform|show|ask|notify|reveal|asking|telling|confirm(?:ing|ation)?)\b/g,
      },
      /\b(?:silently|secretly|quietly)\b|몰래/g,
      { first: /사용자에게/g, within: 20, then: /말하지|알리지|묻지/g },
    ],
  },
  {
    why: "gives an order instead of information",
    phrases: [
      /\byou\s+(?:must|should|shall|need\s+to|have\s+to|are\s+required\s+to)\b/g,
      {
        first:
          /\b(?:always|whenever|before\s+(?:each|every)|at\s+the\s+(?:start|beginning))\b/g,
        within: 60,
        then:
          /\b(?:run|execute|call|fetch|download|send|open|install|push|commit|delete|upload)\b/g,
      },
      {
        first: /항상|반드시|매번/g,
        within: 40,
        then: /실행|전송|다운로드|설치|삭제/g,
      },
    ],
  },
  {
    why: "runs code from the network",
    phrases: [
      {
        first: /\b(?:curl|wget|iwr|invoke-webrequest)\b/g,
        within: 200,
        then: /\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b/g,
      },
      /\b(?:eval|(?:bash|sh|python3?)\s+-c|node\s+-e|base64\s+(?:-d|--decode))\b/g,
    ],
  },
  {
    why: "deletes files or opens access",
    phrases: [
      /\brm\s+-[a-z]{0,8}[rf]|\bchmod\s+(?:-r\s+)?[0-7]{0,2}777\b|\bmkfs\b|\bdd\s+if=/g,
      { first: /\bgit\s+push\b/g, within: 40, then: /--force\b/g },
    ],
  },
  {
    why: "loosens the permissions of Claude",
    phrases: [
      /dangerously-skip-permissions|bypasspermissions|acceptedits|\ballowed-?tools\b|--no-verify\b|\.claude\/settings/g,
      {
        first: /\b(?:disable|turn\s+off|skip)\b/g,
        within: 30,
        then: /\b(?:permissions?|checks?|hooks?|sandbox|security|tests?)\b/g,
      },
    ],
  },
  {
    why: "reaches for secrets",
    phrases: [
      /\.ssh\/|\bid_(?:rsa|ed25519)\b|\.aws\/|\.netrc\b|\.env\b|\/etc\/(?:passwd|shadow)/g,
      { first: SECRETS, within: 60, then: SENDING },
      { first: SENDING, within: 60, then: SECRETS },
    ],
  },
  {
    why: "sends something to the network",
    phrases: [
      {
        first: /\b(?:send|post|upload|forward|report|exfiltrate)\b/g,
        within: 80,
        then: /https?:\/\//g,
      },
    ],
  },
  {
    why: "speaks as somebody else",
    phrases: [
      /^(?:system|assistant|human|user)[^\S\n]*:/gm,
      /\bas\s+(?:an?\s+)?(?:ai|assistant|claude|language\s+model)\b|\bsystem\s+prompt\b/g,
      /\bthe\s+user\s+(?:has\s+)?(?:already\s+)?(?:agreed|approved|consented|authori[sz]ed|confirmed)\b/g,
      { first: /사용자가/g, within: 20, then: /동의|승인|허락/g },
    ],
  },
  { why: "hides in a comment", phrases: [/<\s?!--/g] },
];
