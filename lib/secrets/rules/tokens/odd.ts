/**
 * Tokens that something other than a prefix tells apart: what is in the middle, at the end, or
 * around them.
 *
 * @module
 */

import { UUID } from "./cloud.ts";
import { isReal, type Rule, startOf } from "../rule.ts";

/** The beginnings of numbers of Discord's, in base64. */
const DISCORD = ["MT", "Mj", "Mz", "ND", "NT", "Nj", "Nz", "OD", "OT"]
  .flatMap((first) => [..."AEIMQUYcgk"].map((second) => first + second));

const START = startOf();

type Row = [id: string, kind: string, triggers: string[], pattern: string];

const ROWS: Row[] = [
  [
    "jwt",
    "JSON Web Token",
    ["eyJ"],
    String
      .raw`${
      startOf("-")
    }eyJ[\w-]{10,4000}\.[\w-]{0,8000}\.[\w-]{10,8000}(?:\.[\w-]{10,8000}\.[\w-]{10,100})?(?![\w-])`,
  ],
  [
    "terraform-token",
    "Terraform token",
    [".atlasv1."],
    String
      .raw`(?<=${START}(?<front>[A-Za-z0-9]{14}))\.atlasv1\.[\w-]{60,70}(?![\w-])`,
  ],
  [
    "azure-devops-token",
    "Azure DevOps token",
    ["AZDO"],
    String
      .raw`(?<=${START}(?<front>[A-Za-z0-9]{76}))AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])`,
  ],
  [
    "azure-client-secret",
    "Azure client secret",
    Array.from("0123456789", (digit) => `${digit}Q~`),
    String
      .raw`(?<=${START}(?<front>[\w.~]{3}))\dQ~[\w.~-]{31,34}(?![\w.~-])`,
  ],
  [
    "telegram-token",
    "Telegram bot token",
    [":AA"],
    String.raw`(?<=${START}(?:bot)?(?<front>\d{8,10})):AA[\w-]{33}(?![\w-])`,
  ],
  [
    "discord-token",
    "Discord token",
    DISCORD,
    String
      .raw`${START}(?:${
      DISCORD.join("|")
    })[A-Za-z0-9]{19,24}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])`,
  ],
  [
    "mailchimp-key",
    "Mailchimp key",
    ["-us"],
    String.raw`(?<=${START}(?<front>[0-9a-f]{32}))-us\d{1,2}(?!\w)`,
  ],
  [
    "newrelic-key",
    "New Relic key",
    ["NRAL", "FFFF"],
    String.raw`(?<=${START}(?<front>[0-9a-f]{36}))(?:NRAL|FFFFNRAL)(?!\w)`,
  ],
  [
    "slack-webhook",
    "Slack webhook",
    ["hooks.slack.com/"],
    String
      .raw`hooks\.slack\.com/(?:services|workflows|triggers)/(?<secret>[\w/+-]{20,100})`,
  ],
  [
    "discord-webhook",
    "Discord webhook",
    ["/api/webhooks/"],
    String.raw`/api/webhooks/\d{15,22}/(?<secret>[\w-]{50,90})`,
  ],
  [
    "teams-webhook",
    "Teams webhook",
    [".webhook.office.com/"],
    String
      .raw`\.webhook\.office\.com/webhookb2/(?<secret>${UUID}@${UUID}/IncomingWebhook/[0-9a-f]{32}/${UUID})`,
  ],
  [
    "azure-signature",
    "Azure signature",
    ["&sig=", "?sig="],
    String.raw`[&?]sig=(?<secret>[A-Za-z0-9%+/]{30,100}(?:=|%3D){0,2})`,
  ],
  [
    "azure-function-key",
    "Azure key",
    ["?code=", "&code="],
    String.raw`[&?]code=(?<secret>[\w-]{40,100}={1,2})`,
  ],
];

export const ODD_TOKEN_RULES: readonly Rule[] = ROWS.map((
  [id, kind, triggers, pattern],
) => (
  { id, kind, triggers, pattern: new RegExp(pattern, "dy"), accepts: isReal }
));
