/**
 * Tokens that a prefix of their vendor tells apart, as far as the preset misses them.
 *
 * @module
 */

import { isPlaceholder } from "../placeholder_text.ts";
import { prefixed, type Rule } from "./rule.ts";

/** All of them. */
export const TOKEN_RULES: readonly Rule[] = [
  prefixed(
    "aws-access-key-id",
    "AWS access key",
    ["AKIA", "ASIA", "ABIA", "ACCA"],
    "[A-Z2-7]{16}",
  ),
  prefixed("google-api-key", "Google API key", ["AIza"], "[\\w-]{35}", "\\w-"),
  prefixed(
    "huggingface-token",
    "Hugging Face token",
    ["hf_", "api_org_"],
    "[A-Za-z0-9]{34,40}",
  ),
  prefixed(
    "jwt",
    "JSON Web Token",
    ["eyJ"],
    "[\\w-]{10,4000}\\.eyJ[\\w-]{10,8000}\\.[\\w-]{10,2000}",
    "\\w-",
  ),
].map((rule) => ({ accepts: (secret) => !isPlaceholder(secret), ...rule }));
