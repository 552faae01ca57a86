import { isIdentifier } from "../common/identifier.js";
import type { RefusalReason } from "./refusals.js";
import { isTopicName } from "./topic.js";

/** Thrown for a CONNECT that must not reach the broker. */
export class ConnectRefused extends Error {
  override readonly name = "ConnectRefused";

  constructor(readonly reason: RefusalReason) {
    super(reason);
  }
}

/** What a CONNECT packet says; the password stays in the packet. */
export interface ConnectFields {
  protocolLevel: 3 | 4;
  /** Empty where the client leaves the choice to the broker. */
  clientId: string;
  username: string | undefined;
  cleanSession: boolean;
  /** Seconds. */
  keepalive: number;
  willTopic: string | undefined;
}

const FLAG_RESERVED = 0x01;
const FLAG_CLEAN = 0x02;
const FLAG_WILL = 0x04;
const FLAG_WILL_QOS = 0x18;
const FLAG_WILL_RETAIN = 0x20;
const FLAG_PASSWORD = 0x40;
const FLAG_USERNAME = 0x80;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class FieldReader {
  private offset = 0;

  constructor(private readonly body: Uint8Array) {}

  byte(): number {
    const value = this.body[this.offset++];
    if (value === undefined) throw new ConnectRefused("connect-malformed");
    return value;
  }

  uint16(): number {
    return this.byte() * 256 + this.byte();
  }

  binary(): Uint8Array {
    const length = this.uint16();
    const start = this.offset;
    this.offset += length;
    if (this.offset > this.body.length) throw new ConnectRefused("connect-malformed");
    return this.body.subarray(start, this.offset);
  }

  text(): string {
    try {
      return utf8.decode(this.binary());
    } catch {
      throw new ConnectRefused("connect-malformed");
    }
  }

  get atEnd(): boolean {
    return this.offset === this.body.length;
  }
}

/**
 * Reads the body (after the fixed header) of a CONNECT packet, MQTT 3.1.1 section 3.1 and MQTT 3.1, strictly.
 *
 * @throws {ConnectRefused} protocol-version, identifier (client id or user name that could not stand in a log) or
 * connect-malformed (everything else, including text that is not UTF-8, a will topic that is no topic, trailing bytes).
 */
export function readConnect(body: Uint8Array): ConnectFields {
  const reader = new FieldReader(body);
  const protocol = reader.text();
  const level = reader.byte();
  if (!((protocol === "MQTT" && level === 4) || (protocol === "MQIsdp" && level === 3))) {
    throw new ConnectRefused(protocol === "MQTT" || protocol === "MQIsdp" ? "protocol-version" : "connect-malformed");
  }
  const flags = reader.byte();
  const hasWill = (flags & FLAG_WILL) !== 0;
  const willQos = (flags & FLAG_WILL_QOS) >> 3;
  const inconsistent =
    (flags & FLAG_RESERVED) !== 0 ||
    willQos === 3 ||
    (!hasWill && (flags & (FLAG_WILL_QOS | FLAG_WILL_RETAIN)) !== 0) ||
    ((flags & FLAG_PASSWORD) !== 0 && (flags & FLAG_USERNAME) === 0);
  if (inconsistent) throw new ConnectRefused("connect-malformed");

  const keepalive = reader.uint16();
  const clientId = reader.text();
  const cleanSession = (flags & FLAG_CLEAN) !== 0;
  // MQTT-3.1.3-8: without an id of its own, a client cannot have a session to come back to.
  const idIsLegal = clientId === "" ? cleanSession && level === 4 : isIdentifier(clientId);
  if (!idIsLegal) throw new ConnectRefused("identifier");

  let willTopic: string | undefined;
  if (hasWill) {
    willTopic = reader.text();
    if (!isTopicName(willTopic)) throw new ConnectRefused("connect-malformed");
    reader.binary();
  }
  let username: string | undefined;
  if ((flags & FLAG_USERNAME) !== 0) {
    username = reader.text();
    if (!isIdentifier(username)) throw new ConnectRefused("identifier");
  }
  if ((flags & FLAG_PASSWORD) !== 0) reader.binary();
  if (!reader.atEnd) throw new ConnectRefused("connect-malformed");
  return { protocolLevel: level as 3 | 4, clientId, username, cleanSession, keepalive, willTopic };
}
