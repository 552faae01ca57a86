import { parseJson } from "../common/json.js";
import { Rejection, type RejectionCode } from "../common/rejection.js";
import { decodeBase64, decodeHex } from "./base64.js";
import type { ProfileDescription } from "./profile.js";

/** One line of output of `redoubt envelope`. */
export type LineResult =
  | { ok: true; message: string }
  | { ok: true; hex: string; payload?: unknown }
  | { ok: false; code: RejectionCode; reason: string };

/** Runs `work` and turns a {@link Rejection} into a result; any other error is ours and goes on. */
export function resultOf(work: () => LineResult): LineResult {
  try {
    return work();
  } catch (error) {
    if (error instanceof Rejection) return { ok: false, code: error.code, reason: error.reason };
    throw error;
  }
}

export function sealedResult(message: Buffer | string): LineResult {
  return { ok: true, message: typeof message === "string" ? message : message.toString("base64") };
}

/** The plaintext need not be JSON here: `payload` is there only when it is. */
export function openedResult(plaintext: Buffer): LineResult {
  const hex = plaintext.toString("hex");
  try {
    return { ok: true, hex, payload: parseJson(plaintext) };
  } catch (error) {
    if (error instanceof Rejection) return { ok: true, hex };
    throw error;
  }
}

/**
 * A message written in a line of text: for text profiles the bytes as they are, for binary ones hex or base64.
 *
 * @throws {Rejection} FORMAT.
 */
export function messageFromLine(line: Buffer, description: ProfileDescription): Buffer {
  if (description.encoding === "text") return line;
  const text = line.toString("latin1");
  const message = decodeHex(text) ?? decodeBase64(text);
  if (!message) throw new Rejection("FORMAT", "the message is neither hex nor base64");
  return message;
}
