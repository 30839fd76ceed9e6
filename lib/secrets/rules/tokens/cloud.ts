/**
 * Tokens of clouds, databases, registries and models, told apart by a prefix.
 *
 * @module
 */

import { type Rule, tokenRules } from "../rule.ts";

/** UUIDs, which some tokens end with. */
export const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

export const CLOUD_TOKEN_RULES: readonly Rule[] = tokenRules([
  [
    "aws-access-key-id",
    "AWS access key",
    ["AKIA", "ASIA", "ABIA", "ACCA"],
    "[A-Z2-7]{16}",
  ],
  [
    "aws-bedrock-key",
    "AWS Bedrock key",
    "ABSK",
    "[A-Za-z0-9+/]{109,269}={0,2}",
    "+/",
  ],
  [
    "aws-session-token",
    "AWS session token",
    ["IQoJb3JpZ2lu", "FwoGZXIvYXdz"],
    "[A-Za-z0-9+/]{100,3000}={0,2}",
    "+/",
  ],
  ["google-api-key", "Google API key", "AIza", "[\\w-]{35}", "-"],
  ["google-oauth", "Google OAuth token", "ya29.", "[\\w-]{30,1000}", "-"],
  ["google-oauth", "Google OAuth token", "1//0", "[\\w-]{40,200}", "-"],
  ["google-oauth", "Google OAuth secret", "GOCSPX-", "[\\w-]{28}", "-"],
  [
    "digitalocean-token",
    "DigitalOcean token",
    ["dop_v1_", "doo_v1_", "dor_v1_"],
    "[0-9a-f]{64}",
  ],
  ["heroku-key", "Heroku key", "HRKU-", "[\\w-]{36,80}", "-"],
  [
    "cloudflare-origin-key",
    "Cloudflare key",
    "v1.0-",
    "[0-9a-f]{24}-[0-9a-f]{146}",
    "-",
  ],
  ["fly-token", "Fly.io token", "fo1_", "[\\w-]{43}", "-"],
  [
    "fly-token",
    "Fly.io token",
    ["fm1a_", "fm1r_", "fm2_"],
    "[A-Za-z0-9+/]{100,4000}={0,3}",
    "+/",
  ],
  ["render-key", "Render key", "rnd_", "[A-Za-z0-9]{28,40}"],
  [
    "netlify-token",
    "Netlify token",
    ["nfp_", "nfc_", "nfo_", "nfu_"],
    "[A-Za-z0-9]{36,60}",
  ],
  ["supabase-token", "Supabase token", ["sbp_", "sbp_v0_"], "[0-9a-f]{40}"],
  ["supabase-key", "Supabase key", "sb_secret_", "[\\w-]{20,60}", "-"],
  [
    "planetscale-token",
    "PlanetScale token",
    ["pscale_tkn_", "pscale_pw_", "pscale_oauth_"],
    "[\\w.=-]{32,64}",
    "-",
  ],
  ["neon-key", "Neon key", "napi_", "[a-z0-9]{50,80}"],
  ["alibaba-key", "Alibaba key", "LTAI", "[A-Za-z0-9]{12,20}", "+/"],
  ["yandex-key", "Yandex key", "AQVN", "[\\w-]{35,38}", "-"],
  ["openshift-token", "OpenShift token", "sha256~", "[\\w-]{43}", "-"],
  ["upcloud-token", "UpCloud token", "ucat_", "[A-Z0-9]{26}"],
  ["scaleway-key", "Scaleway key", "SCW", "[A-Z0-9]{17}"],
  ["pypi-token", "PyPI token", "pypi-AgE", "[\\w-]{50,1000}", "-"],
  ["rubygems-key", "RubyGems key", "rubygems_", "[0-9a-f]{48}"],
  ["crates-token", "crates.io token", "cio", "[A-Za-z0-9]{32}", "+/"],
  ["nuget-key", "NuGet key", "oy2", "[a-z0-9]{43}"],
  ["clojars-token", "Clojars token", "CLOJARS_", "[A-Za-z0-9]{60}"],
  ["docker-token", "Docker token", "dckr_oat_", "[\\w-]{27,40}", "-"],
  ["artifactory-key", "Artifactory key", "AKCp", "[A-Za-z0-9]{69}"],
  ["artifactory-key", "Artifactory key", "cmVmdGtu", "[A-Za-z0-9]{56}"],
  [
    "anthropic-key",
    "Anthropic key",
    "sk-ant-",
    "[a-z0-9]{3,12}-[\\w-]{40,200}",
    "-",
  ],
  [
    "openai-key",
    "OpenAI key",
    ["sk-proj-", "sk-svcacct-", "sk-admin-"],
    "[\\w-]{40,200}",
    "-",
  ],
  ["openai-key", "OpenAI key", "sk-", "[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}"],
  [
    "huggingface-token",
    "Hugging Face token",
    ["hf_", "api_org_"],
    "[A-Za-z0-9]{34,40}",
  ],
  ["xai-key", "xAI key", "xai-", "[A-Za-z0-9]{60,100}"],
  ["perplexity-key", "Perplexity key", "pplx-", "[A-Za-z0-9]{40,60}"],
  ["replicate-token", "Replicate token", "r8_", "[A-Za-z0-9]{37}"],
  ["openrouter-key", "OpenRouter key", "sk-or-v1-", "[0-9a-f]{64}"],
  ["nvidia-key", "NVIDIA key", "nvapi-", "[\\w-]{50,80}", "-"],
  [
    "langsmith-key",
    "LangSmith key",
    ["lsv2_pt_", "lsv2_sk_"],
    "[0-9a-f]{32}_[0-9a-f]{10}",
  ],
  ["pinecone-key", "Pinecone key", "pcsk_", "[A-Za-z0-9_]{50,80}"],
  ["together-key", "Together key", "tgp_v1_", "[\\w-]{40,60}", "-"],
  ["tavily-key", "Tavily key", "tvly-", "[A-Za-z0-9-]{20,60}", "-"],
  ["jina-key", "Jina key", "jina_", "[A-Za-z0-9_-]{40,80}", "-"],
  ["cerebras-key", "Cerebras key", "csk-", "[a-z0-9]{40,60}"],
  ["llama-key", "LlamaCloud key", "llx-", "[A-Za-z0-9]{40,60}"],
]);
