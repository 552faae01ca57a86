import { Rejection } from "../../common/rejection.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Refuses a packet that breaks a rule of the specification; `rule` cites it, e.g. "MQTT-1.5.3-1". */
export function malformed(rule: string, what: string): Rejection {
  return new Rejection("FORMAT", `${what} [${rule}]`);
}

/**
 * Reads the fields of an MQTT packet's body one after the other (MQTT 3.1.1 section 1.5, MQTT 5 section 1.5).
 * Everything throws {@link Rejection} FORMAT where the body is too short or breaks a rule.
 */
export class FieldReader {
  private offset = 0;

  constructor(private readonly body: Buffer) {}

  get left(): number {
    return this.body.length - this.offset;
  }

  byte(): number {
    const value = this.body[this.offset];
    if (value === undefined) throw malformed("1.5", "packet ends within a field");
    this.offset += 1;
    return value;
  }

  uint16(): number {
    return this.byte() * 256 + this.byte();
  }

  binary(): Buffer {
    const length = this.uint16();
    if (length > this.left) throw malformed("1.5.3", "field is longer than its packet");
    this.offset += length;
    return this.body.subarray(this.offset - length, this.offset);
  }

  /** UTF-8 without U+0000. */
  text(): string {
    let text: string;
    const bytes = this.binary();
    try {
      text = utf8.decode(bytes);
    } catch {
      throw malformed("MQTT-1.5.3-1", "text that is not UTF-8");
    }
    if (text.includes("\0")) throw malformed("MQTT-1.5.3-2", "text with a null character");
    return text;
  }

  /** A variable byte integer of at most four bytes. */
  variable(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw malformed("MQTT5-1.5.5", "length of more than four bytes");
  }

  /** Skips the properties of an MQTT 5 packet. */
  properties(): void {
    const length = this.variable();
    if (length > this.left) throw malformed("MQTT5-2.2.2", "properties are longer than their packet");
    this.offset += length;
  }
}
