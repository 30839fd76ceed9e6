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
  slack: {
    kind: "Slack token",
    triggers: ["xoxb-", "xoxp-", "xapp-", "xoxa-", "xoxo-", "xoxr-"],
  },
  openai: { kind: "OpenAI key", triggers: ["T3BlbkFJ"] },
  anthropic: { kind: "Anthropic key", triggers: ["sk-ant-"] },
  groq: { kind: "Groq key", triggers: ["gsk_"] },
  linear: { kind: "Linear key", triggers: ["lin_api_"] },
  notion: { kind: "Notion token", triggers: ["ntn_"] },
  sendgrid: { kind: "SendGrid key", triggers: ["SG."] },
  shopify: {
    kind: "Shopify token",
    triggers: ["shppa_", "shpca_", "shpat_", "shpss_"],
  },
  stripe: {
    kind: "Stripe key",
    triggers: ["sk_live_", "sk_test_", "rk_live_", "rk_test_"],
  },
  github: {
    kind: "GitHub token",
    triggers: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
  },
  gitlab: { kind: "GitLab token", triggers: ["glpat-"] },
  grafana: { kind: "Grafana token", triggers: ["glc_", "glsa_"] },
  "1password": { kind: "1Password token", triggers: ["ops_ey"] },
  "hashicorp-vault": {
    kind: "Vault token",
    triggers: ["hvs.", "hvb.", "hvr."],
  },
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
  aws: "ours finds key ids too, and secret keys at their exact place",
  basicauth: "ours takes the password alone, whatever the scheme",
  "database-connection-string":
    "ours takes the password alone, whatever the scheme",
  gcp: "it judges whole files by their name; their keys are private keys",
  huggingface: "ours finds newer forms too",
  privatekey: "ours finds escaped, numbered and cut ones too",
  "filter-comments":
    "a comment in the text must not switch the search off: others write texts too",
};

/** The beginning of the preset's names of its rules. */
export const PREFIX = "@secretlint/secretlint-rule-";
