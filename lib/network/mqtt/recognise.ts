const NAMES = [Buffer.from("\0\x04MQTT"), Buffer.from("\0\x06MQIsdp")];

/** Whether a client's first bytes are those of a CONNECT, whatever the port. */
export function startsWithConnect(bytes: Buffer): boolean {
  if (bytes[0] !== 0x10 || bytes.length < 8) return false;
  let at = 1;
  while (at < 5 && ((bytes[at] as number) & 0x80) !== 0) at += 1;
  at += 1;
  return NAMES.some(
    (name) => bytes.length >= at + name.length && bytes.compare(name, 0, name.length, at, at + name.length) === 0,
  );
}
