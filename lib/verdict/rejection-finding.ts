import type { RejectionInfo } from "../common/message.js";
import type { RejectionCode } from "../common/rejection.js";
import type { AttackType, Severity } from "../common/security.js";
import { cut, type Finding } from "./finding.js";

interface RejectionMeaning {
  type: AttackType;
  severity: Severity;
  text: string;
  /** What the rejection's own reason adds to the text: nothing, something, or everything. */
  detail: "none" | "behind" | "alone";
}

const MAX_DETAIL = 160;

/**
 * STALE and EPOCH are only warnings: a wrong clock and a key that was not exchanged look the same as a message that
 * was held back.
 */
const MEANINGS: Readonly<Record<RejectionCode, RejectionMeaning>> = {
  SIZE: { type: "malformed", severity: "warning", text: "too large", detail: "alone" },
  FORMAT: { type: "malformed", severity: "warning", text: "not a message of the expected form", detail: "behind" },
  SCHEMA: { type: "malformed", severity: "warning", text: "wrong or missing members", detail: "behind" },
  RANGE: { type: "malformed", severity: "warning", text: "a value that makes no sense", detail: "behind" },
  REPLAY: {
    type: "replay",
    severity: "critical",
    text: "the message was received before (captured and sent again)",
    detail: "none",
  },
  STALE: { type: "replay", severity: "warning", text: "old or replayed", detail: "alone" },
  EPOCH: { type: "replay", severity: "warning", text: "sealed with a key of another epoch", detail: "behind" },
  AUTH: {
    type: "spoofed-id",
    severity: "critical",
    text: "not sealed with the key of the device that it claims to be",
    detail: "none",
  },
  TOPIC_MISMATCH: {
    type: "spoofed-id",
    severity: "critical",
    text: "names another device than the one whose topic it is",
    detail: "alone",
  },
  UNKNOWN_DEVICE: {
    type: "unknown-device",
    severity: "warning",
    text: "the device is not registered",
    detail: "none",
  },
  RATE: { type: "flood", severity: "critical", text: "more messages than can be checked for copies", detail: "behind" },
};

/** What a rejection means for security. Each code has one meaning, whoever refused the message. */
export function rejectionFinding({ code, reason }: RejectionInfo): Finding {
  const { type, severity, text, detail } = MEANINGS[code];
  const own = detail === "none" ? "" : cut(reason, MAX_DETAIL);
  const said = detail === "behind" && own !== "" ? `${text}: ${own}` : own || text;
  return { type, severity, reason: { detector: "rejected", text: said } };
}

/** Refused before, or although, a key fitted: none of these shows who sent the message. */
const UNPROVED: ReadonlySet<RejectionCode> = new Set([
  "AUTH",
  "TOPIC_MISMATCH",
  "UNKNOWN_DEVICE",
  "EPOCH",
  "REPLAY",
  "STALE",
  "RATE",
]);

/** Whether a message that was refused with this code can still have proved its sender, as one of a bad schema can. */
export function canBeProved(code: RejectionCode): boolean {
  return !UNPROVED.has(code);
}
