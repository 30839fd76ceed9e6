/**
 * The rules of Secretlint's recommended preset: which of them run, on which triggers, and how
 * people call what they find. The preset itself is loaded by `preset.ts`.
 *
 * @module
 */

/** A rule of the preset. */
export interface PresetRule {
  /** Kind of secret, for people; part of the placeholder. */
  kind: string;
  /** Texts without which the rule finds nothing. */
  triggers: readonly string[];
}

/** Rules that run, by their name without {@linkcode PREFIX}. */
export const PRESET_RULES: Record<string, PresetRule> = {
  npm: { kind: "npm token", triggers: ["npm_", "x-oauth-basic"] },
  groq: { kind: "Groq key", triggers: ["gsk_"] },
  linear: { kind: "Linear key", triggers: ["lin_api_"] },
  notion: { kind: "Notion token", triggers: ["ntn_"] },
  shopify: {
    kind: "Shopify token",
    triggers: ["shppa_", "shpca_", "shpat_", "shpss_"],
  },
  stripe: {
    kind: "Stripe key",
    triggers: ["sk_live_", "sk_test_", "rk_live_", "rk_test_"],
  },
  grafana: { kind: "Grafana token", triggers: ["glc_", "glsa_"] },
  "1password": { kind: "1Password token", triggers: ["ops_ey"] },
  vercel: {
    kind: "Vercel token",
    triggers: ["vcp_", "vci_", "vca_", "vcr_", "vck_"],
  },
  databricks: { kind: "Databricks token", triggers: ["dapi"] },
  docker: { kind: "Docker token", triggers: ["dckr_pat_"] },
  figma: { kind: "Figma token", triggers: ["figd_"] },
  cloudflare: {
    kind: "Cloudflare token",
    triggers: ["cfk_", "cfut_", "cfat_"],
  },
  tailscale: { kind: "Tailscale key", triggers: ["tskey-"] },
};

/** Rules that do not run, with the reason. */
export const LEFT_OUT: Record<string, string> = {
  anthropic: "it finds API keys alone: neither OAuth tokens nor keys of admins",
  aws:
    "it finds no key ids, and its trigger is the word secret, which is everywhere",
  basicauth: "it knows few signs in passwords, and takes the host with them",
  "database-connection-string": "it takes the host with the password",
  "filter-comments":
    "a comment must not switch the search off: others have a say in texts too",
  gcp: "it judges whole files by their name; their keys are private keys",
  github: "it misses refresh tokens",
  gitlab: "it misses all tokens but personal ones",
  "hashicorp-vault": "it misses older tokens, which are shorter",
  huggingface: "it misses tokens with digits",
  openai: "it misses keys of other lengths",
  privatekey: "it misses keys with line numbers, cut ones, and short ones",
  sendgrid: "it misses keys with more than one hyphen",
  slack: "it misses tokens of apps",
};

/** The beginning of the preset's own names of its rules. */
export const PREFIX = "@secretlint/secretlint-rule-";

/** Returns the stable name of a rule of the preset. */
export function presetRuleId(name: string): string {
  return `secretlint-${name}`;
}
