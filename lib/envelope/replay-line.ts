import { crc32 } from "node:zlib";
import { isIdentifier } from "../common/identifier.js";

/** A message that was admitted. */
export interface AdmittedCounter {
  device: string;
  /** Key epoch. */
  epoch: number;
  /** 0 to 2^64 - 1. */
  counter: bigint;
}

/** Which record of which journal a message is; the same when it is presented again after a restart. */
export interface RecordMark {
  journal: string;
  n: number;
}

/** One line of the file that keeps replay windows. */
export type ReplayLine =
  | { kind: "admitted"; sender: AdmittedCounter; record?: RecordMark }
  | { kind: "window"; device: string; epoch: number; highest: bigint; seen: bigint }
  | { kind: "record"; sender: AdmittedCounter; record: RecordMark };

const NUMBER = /^(0|[1-9]\d{0,19})$/;
const HEX = /^[0-9a-f]{1,16}$/;

function sealed(text: string): string {
  return `${text} ${crc32(text).toString(16).padStart(8, "0")}\n`;
}

function senderText({ device, epoch, counter }: AdmittedCounter): string {
  return `${device} ${epoch} ${counter}`;
}

/** Text of a line, its end and checksum (CRC-32) included. */
export function formatReplayLine(line: ReplayLine): string {
  if (line.kind === "window") {
    return sealed(`w ${line.device} ${line.epoch} ${line.highest} ${line.seen.toString(16)}`);
  }
  const { record } = line;
  const mark = record ? ` ${record.journal} ${record.n}` : "";
  return sealed(`${line.kind === "record" ? "r" : "m"} ${senderText(line.sender)}${mark}`);
}

function numbers(...texts: (string | undefined)[]): boolean {
  return texts.every((text) => text !== undefined && NUMBER.test(text));
}

/** @returns undefined for anything but a whole line as it was written. */
export function parseReplayLine(text: string): ReplayLine | undefined {
  const end = text.lastIndexOf(" ");
  if (end < 0 || sealed(text.slice(0, end)) !== `${text}\n`) return undefined;
  const [kind, device, epoch, counter, more, n, ...rest] = text.slice(0, end).split(" ");
  if (!isIdentifier(device) || !numbers(epoch, counter) || rest.length > 0) return undefined;
  const epochNumber = Number(epoch);
  const value = BigInt(counter as string);
  if (kind === "w") {
    if (more === undefined || !HEX.test(more) || n !== undefined) return undefined;
    return { kind: "window", device, epoch: epochNumber, highest: value, seen: BigInt(`0x${more}`) };
  }
  const sender = { device, epoch: epochNumber, counter: value };
  const record = isIdentifier(more) && numbers(n) ? { journal: more, n: Number(n) } : undefined;
  if (more !== undefined && !record) return undefined;
  if (kind === "m") return { kind: "admitted", sender, ...(record && { record }) };
  return kind === "r" && record ? { kind: "record", sender, record } : undefined;
}
