import { FieldReader, malformed } from "./fields.js";

/** MQTT control packet types (MQTT 3.1.1 section 2.2.1; AUTH is MQTT 5). */
export const MQTT_TYPE = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
  AUTH: 15,
} as const;

/** What a CONNECT says. The password is not in it: only whether there is one. */
export interface MqttConnect {
  /** 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0. */
  level: 3 | 4 | 5;
  clientId: string;
  /** Seconds; 0 is none. */
  keepAlive: number;
  hasUserName: boolean;
  hasPassword: boolean;
  /** The user name's and password's bytes for a keyed digest; a view of the packet, not to be kept. */
  credential: readonly [Buffer, Buffer];
}

const NOTHING = Buffer.alloc(0);
const PROTOCOL_LEVEL = new Map([
  ["MQIsdp", [3]],
  ["MQTT", [4, 5]],
]);

/**
 * Reads the body of a CONNECT (MQTT 3.1.1 section 3.1, MQTT 5 section 3.1, MQTT 3.1).
 *
 * @throws {Rejection} FORMAT that cites the rule that is broken.
 */
export function decodeConnect(body: Buffer): MqttConnect {
  const reader = new FieldReader(body);
  const levels = PROTOCOL_LEVEL.get(reader.text());
  if (levels === undefined) throw malformed("MQTT-3.1.2-1", "CONNECT names another protocol");
  // The highest bit marks a bridge (mosquitto, since MQTT 3.1); the protocol is otherwise the same.
  const level = (reader.byte() & 0x7f) as MqttConnect["level"];
  if (!levels.includes(level)) throw malformed("MQTT-3.1.2-2", "CONNECT with an unknown protocol level");
  const flags = reader.byte();
  const hasWill = (flags & 0x04) !== 0;
  const hasUserName = (flags & 0x80) !== 0;
  const hasPassword = (flags & 0x40) !== 0;
  if (level > 3 && (flags & 0x01) !== 0) throw malformed("MQTT-3.1.2-3", "CONNECT with the reserved flag");
  if ((flags & 0x18) === 0x18) throw malformed("MQTT-3.1.2-14", "will with QoS 3");
  if (level > 3 && !hasWill && (flags & 0x38) !== 0) throw malformed("MQTT-3.1.2-11", "will flags without a will");
  if (level === 4 && hasPassword && !hasUserName) throw malformed("MQTT-3.1.2-22", "password without a user name");
  const keepAlive = reader.uint16();
  if (level === 5) reader.properties();
  const clientId = reader.text();
  if (hasWill) {
    if (level === 5) reader.properties();
    if (/[#+]/.test(reader.text())) throw malformed("MQTT-4.7.1-1", "will topic with a wildcard");
    reader.binary();
  }
  // MQTT 3.1 allowed clients to set these flags and leave the fields out.
  const isThere = (flag: boolean) => flag && (level > 3 || reader.left > 0);
  const userName = isThere(hasUserName) ? Buffer.from(reader.text()) : NOTHING;
  const password = isThere(hasPassword) ? reader.binary() : NOTHING;
  if (reader.left > 0) throw malformed("MQTT-3.1.3-1", "CONNECT with bytes after its last field");
  return { level, clientId, keepAlive, hasUserName, hasPassword, credential: [userName, password] };
}

/** Return code of a CONNACK: 0 accepted; MQTT 3.1.1 1 to 5, MQTT 5 from 128. @throws {Rejection} FORMAT. */
export function decodeConnack(body: Buffer): number {
  const reader = new FieldReader(body);
  reader.byte();
  return reader.byte();
}

/** Whether a CONNACK's code says that the credential was wrong: bad user name or password, not authorised. */
export function isLoginRefusal(code: number): boolean {
  return code === 4 || code === 5 || code === 0x86 || code === 0x87;
}

/**
 * Checks a PUBLISH by its first byte and its topic.
 *
 * @param head the body from its start, at least the topic and, above QoS 0, the packet identifier.
 * @returns the topic; empty where MQTT 5 uses an alias.
 * @throws {Rejection} FORMAT.
 */
export function decodePublish(firstByte: number, head: Buffer, level: number): string {
  const qos = (firstByte >> 1) & 3;
  if (qos === 3) throw malformed("MQTT-3.3.1-4", "PUBLISH with QoS 3");
  if (level > 3 && qos === 0 && (firstByte & 0x08) !== 0) throw malformed("MQTT-3.3.1-2", "QoS 0 marked as duplicate");
  const reader = new FieldReader(head);
  const topic = reader.text();
  if (/[#+]/.test(topic)) throw malformed("MQTT-3.3.2-2", "PUBLISH to a topic with a wildcard");
  if (topic === "" && level < 5) throw malformed("MQTT-4.7.3-1", "PUBLISH to an empty topic");
  if (qos > 0 && reader.uint16() === 0) throw malformed("MQTT-2.3.1-1", "packet identifier 0");
  return topic;
}

/** Filters of a SUBSCRIBE. @throws {Rejection} FORMAT. */
export function decodeSubscribe(body: Buffer, level: number): string[] {
  const reader = begin(body, level);
  const filters: string[] = [];
  while (reader.left > 0) {
    filters.push(filterOf(reader));
    const options = reader.byte();
    const reserved = level === 5 ? 0xc0 : 0xfc;
    if ((options & 3) === 3 || (level > 3 && (options & reserved) !== 0)) {
      throw malformed("MQTT-3-8.3-4", "SUBSCRIBE with impossible options");
    }
  }
  if (filters.length === 0) throw malformed("MQTT-3.8.3-3", "SUBSCRIBE without a filter");
  return filters;
}

/** Filters of an UNSUBSCRIBE. @throws {Rejection} FORMAT. */
export function decodeUnsubscribe(body: Buffer, level: number): string[] {
  const reader = begin(body, level);
  const filters: string[] = [];
  while (reader.left > 0) filters.push(filterOf(reader));
  if (filters.length === 0) throw malformed("MQTT-3.10.3-2", "UNSUBSCRIBE without a filter");
  return filters;
}

function begin(body: Buffer, level: number): FieldReader {
  const reader = new FieldReader(body);
  if (reader.uint16() === 0) throw malformed("MQTT-2.3.1-1", "packet identifier 0");
  if (level === 5) reader.properties();
  return reader;
}

function filterOf(reader: FieldReader): string {
  const filter = reader.text();
  const levels = filter.split("/");
  const legal = levels.every((level, i) =>
    level === "#" ? i === levels.length - 1 : level === "+" || !/[#+]/.test(level),
  );
  if (filter === "" || !legal) throw malformed("MQTT-4.7.1-2", "filter with a wildcard where none may be");
  return filter;
}

/** Whether a filter has no name in it and takes in every topic below: `#`, `+/#`, `+/+/#`, also as shared subscription. */
export function isWildcardOnly(filter: string): boolean {
  const levels = filter.split("/");
  const own = levels[0] === "$share" ? levels.slice(2) : levels;
  return own.at(-1) === "#" && own.slice(0, -1).every((level) => level === "+");
}

/** Fixed flags of the types that have them (MQTT 3.1.1 table 2.2). */
export function flagsOf(type: number): number {
  return type === MQTT_TYPE.PUBREL || type === MQTT_TYPE.SUBSCRIBE || type === MQTT_TYPE.UNSUBSCRIBE ? 2 : 0;
}
