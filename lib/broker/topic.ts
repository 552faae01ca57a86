/** MQTT topics and filters: MQTT 3.1.1 section 4.7. */

const MAX_TOPIC_BYTES = 1024;
const REPLACEMENT_CHARACTER = 0xfffd;

/**
 * Whether text may be used in a topic: no control characters (C0, DEL, C1), no U+FFFE or U+FFFF, and no U+FFFD,
 * which is what bytes that are not UTF-8 become when a parser decodes them leniently.
 */
function isCleanText(text: string): boolean {
  if (text.length === 0 || Buffer.byteLength(text) > MAX_TOPIC_BYTES) return false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f) || unit >= REPLACEMENT_CHARACTER) return false;
  }
  return true;
}

/** Whether text is a topic that a message may be published on. */
export function isTopicName(text: string): boolean {
  return isCleanText(text) && !text.includes("+") && !text.includes("#");
}

/** Whether text is a topic filter with its wildcards in legal places. */
export function isTopicFilter(text: string): boolean {
  if (!isCleanText(text)) return false;
  const levels = text.split("/");
  return levels.every((level, i) => {
    if (level === "#") return i === levels.length - 1;
    return level === "+" || (!level.includes("+") && !level.includes("#"));
  });
}

/**
 * Whether a rule grants everything that a subscription to `filter` could deliver: each topic that matches `filter`
 * also matches `rule`. For a filter without wildcards, that is whether the rule matches the topic.
 * A rule that starts with a wildcard grants nothing below `$` (MQTT-4.7.2-1).
 */
export function covers(rule: string, filter: string): boolean {
  const granted = rule.split("/");
  const wanted = filter.split("/");
  if (wanted[0]?.startsWith("$") && granted[0] !== wanted[0]) return false;
  for (const [i, level] of granted.entries()) {
    if (level === "#") return true;
    const other = wanted[i];
    if (other === undefined) return false;
    if (level === "+" ? other === "#" : level !== other) return false;
  }
  return granted.length === wanted.length;
}

/** Whether any of the rules covers a topic or filter. */
export function anyCovers(rules: readonly string[], filter: string): boolean {
  return rules.some((rule) => covers(rule, filter));
}
