import type { Severity } from "../../common/security.js";
import type { Alert } from "../alert.js";
import { cut } from "../plain-text.js";

// Discord's limits of an embed, in characters; all of one message together have to stay within 6000.
const TITLE = 256;
const DESCRIPTION = 4096;
const FIELD = 1024;
const FOOTER = 2048;
export const TOTAL = 6000;

const COLOURS: Record<Severity, number> = { info: 0x4a90d9, warning: 0xe6a700, critical: 0xd0342c };
/** Breaks what Discord would find by itself: `@everyone`, `https://`. */
const ZERO_WIDTH_SPACE = "\u200b";
const PUNCTUATION = /[!-/:-@[-`{-~]/g;
/** Looks like a backtick and ends no code. */
const BACKTICK_LETTER = "\u02cb";

/** Text in which no Markdown, mention, link or time stamp is left: each punctuation mark is escaped. */
export function escapeMarkdown(text: string): string {
  return text.replace(PUNCTUATION, (mark) => `\\${mark}${mark === "@" || mark === ":" ? ZERO_WIDTH_SPACE : ""}`);
}

/** Text as inline code, in which Discord interprets nothing. */
function code(text: string, limit: number): string {
  return `\`${cut(text, limit - 2).replaceAll("`", BACKTICK_LETTER)}\``;
}

function codeBlock(text: string, limit: number): string {
  const fence = "```";
  return `${fence}\n${cut(text, limit - 8).replaceAll("`", BACKTICK_LETTER)}\n${fence}`;
}

/** Escapes as much of a text as fits. */
function escapedWithin(text: string, limit: number): string {
  let shown = text;
  while (escapeMarkdown(shown).length > limit) shown = cut(shown, Math.floor(shown.length * 0.9));
  return escapeMarkdown(shown);
}

/** Body for a Discord webhook: one embed; nobody is notified by what is written in it. */
export function discordMessage(alert: Alert): object {
  const source = alert.authenticated ? alert.source : `${alert.source} (unproved)`;
  const fields = [
    { name: "Severity", value: code(alert.severity, FIELD), inline: true },
    { name: "Type", value: code(alert.type, FIELD), inline: true },
    { name: "Source", value: code(source, FIELD), inline: true },
    ...(alert.topic === null ? [] : [{ name: "Topic", value: code(alert.topic, FIELD), inline: false }]),
  ];
  const title = escapedWithin(alert.title, TITLE);
  const footer = cut(`${alert.id}${alert.count > 1 ? `, stands for ${alert.count} alerts` : ""}`, FOOTER);
  const used = [title, footer, ...fields.flatMap(({ name, value }) => [name, value])].join("").length;
  return {
    embeds: [
      {
        title,
        ...(alert.text === "" ? {} : { description: codeBlock(alert.text, Math.min(DESCRIPTION, TOTAL - used)) }),
        color: COLOURS[alert.severity],
        timestamp: new Date(alert.at).toISOString(),
        fields,
        footer: { text: footer },
      },
    ],
    allowed_mentions: { parse: [] },
  };
}
