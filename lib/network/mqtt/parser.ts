import { Rejection } from "../../common/rejection.js";
import { malformed } from "./fields.js";
import { MQTT_TYPE } from "./packets.js";

/** Bodies up to this size are collected and read; of longer ones only the fixed header is. Bytes. */
const KEPT_BODY = 8192;
/** Of a PUBLISH only the topic and the packet identifier are collected. */
const PUBLISH_HEAD = 1024;

/** One packet: its first byte, its remaining length, and its body as far as it is kept. */
export type OnMqttPacket = (firstByte: number, length: number, body: Buffer, isWhole: boolean) => void;

/**
 * Cuts one direction of a connection into MQTT packets. It keeps at most {@link KEPT_BODY} bytes, whatever length a
 * packet claims.
 */
export class MqttParser {
  private firstByte = -1;
  private length = 0;
  private lengthBytes = 0;
  private isLengthKnown = false;
  private wanted = 0;
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private skipped = 0;

  constructor(private readonly onPacket: OnMqttPacket) {}

  /** Whether a packet has begun and is not complete. */
  get isWithinPacket(): boolean {
    return this.firstByte >= 0;
  }

  /** Bytes held. */
  get held(): number {
    return this.keptBytes;
  }

  /** @throws {Rejection} FORMAT for a remaining length of more than four bytes, and what the receiver throws. */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.firstByte < 0) {
        this.firstByte = bytes[at] as number;
        at += 1;
        continue;
      }
      if (!this.isLengthKnown) {
        at = this.readLength(bytes, at);
        if (this.isLengthKnown && this.length === 0) this.finish();
        continue;
      }
      at = this.readBody(bytes, at);
    }
  }

  private readLength(bytes: Buffer, start: number): number {
    const byte = bytes[start] as number;
    this.length += (byte & 0x7f) * 128 ** this.lengthBytes;
    this.lengthBytes += 1;
    if ((byte & 0x80) === 0) {
      this.isLengthKnown = true;
      const cap = this.firstByte >> 4 === MQTT_TYPE.PUBLISH ? PUBLISH_HEAD : KEPT_BODY;
      this.wanted = Math.min(this.length, cap);
    } else if (this.lengthBytes === 4) {
      throw malformed("MQTT-2.2.3", "remaining length of more than four bytes");
    }
    return start + 1;
  }

  private readBody(bytes: Buffer, start: number): number {
    const keep = Math.min(this.wanted - this.keptBytes, bytes.length - start);
    if (keep > 0) {
      const isAllHere = this.keptBytes === 0 && keep === this.wanted;
      // What outlives this call is copied: the capture's buffer is used again.
      const part = bytes.subarray(start, start + keep);
      const isComplete = isAllHere && bytes.length - start >= this.length;
      this.kept.push(isComplete ? part : Buffer.from(part));
      this.keptBytes += keep;
    }
    const skip = Math.min(this.length - this.keptBytes - this.skipped, bytes.length - start - keep);
    this.skipped += skip;
    if (this.keptBytes + this.skipped === this.length) this.finish();
    return start + keep + skip;
  }

  private finish(): void {
    const { firstByte, length, kept, keptBytes } = this;
    this.firstByte = -1;
    this.length = 0;
    this.lengthBytes = 0;
    this.isLengthKnown = false;
    this.kept = [];
    this.keptBytes = 0;
    this.skipped = 0;
    const body = kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
    this.onPacket(firstByte, length, body, keptBytes === length);
  }
}

/** Whether an error is a broken packet and no fault of ours. */
export function isMalformed(error: unknown): error is Rejection {
  return error instanceof Rejection && error.code === "FORMAT";
}
