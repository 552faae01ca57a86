/** A message as it came off the wire. */
export interface IntakeEntry {
  /** Gateway clock at reception, milliseconds since the Unix epoch. */
  at: number;
  /** MQTT topic. */
  topic: string;
  bytes: Buffer;
}

const HEADER_BYTES = 10;

/** `[f64 at][u16 length of the topic][topic, UTF-8][bytes]`, little-endian. */
export function encodeIntake({ at, topic, bytes }: IntakeEntry): Buffer {
  const name = Buffer.from(topic);
  // MQTT's own limit of a topic.
  if (name.length > 0xffff) throw new Error("a topic is longer than 65535 bytes");
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeDoubleLE(at, 0);
  header.writeUInt16LE(name.length, 8);
  return Buffer.concat([header, name, bytes]);
}

/** @throws {Error} for bytes that `encodeIntake` did not make. */
export function decodeIntake(record: Buffer): IntakeEntry {
  const end = record.length < HEADER_BYTES ? Number.POSITIVE_INFINITY : HEADER_BYTES + record.readUInt16LE(8);
  const at = record.length < HEADER_BYTES ? Number.NaN : record.readDoubleLE(0);
  if (end > record.length || !Number.isFinite(at)) throw new Error("a record of the journal is not an intake record");
  return { at, topic: record.toString("utf8", HEADER_BYTES, end), bytes: record.subarray(end) };
}
