// Just enough of MQTT 3.1.1 (OASIS standard, sections 2 and 3) for a driver that costs little beside what it measures.

const CONNECT = 0x10;
const PUBLISH_QOS_0 = 0x30;
const SUBSCRIBE = 0x82;
const CLEAN_SESSION = 0x02;
const WITH_PASSWORD = 0xc0;

export const PACKET = { CONNACK: 2, PUBLISH: 3, SUBACK: 9 } as const;

export interface Packet {
  /** Packet type, see {@link PACKET}. */
  type: number;
  /** Everything after the fixed header; a view of the received chunk. */
  body: Buffer;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function packet(header: number, body: Buffer): Buffer {
  const bytes = [header];
  let rest = body.length;
  do {
    const more = rest > 127;
    bytes.push((rest & 127) | (more ? 128 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(bytes), body]);
}

export function connectPacket(clientId: string, login?: { username: string; password: string }): Buffer {
  const flags = CLEAN_SESSION | (login ? WITH_PASSWORD : 0);
  const parts = [text("MQTT"), Buffer.from([4, flags, 0, 120]), text(clientId)];
  if (login) parts.push(text(login.username), text(login.password));
  return packet(CONNECT, Buffer.concat(parts));
}

export function subscribePacket(topic: string): Buffer {
  return packet(SUBSCRIBE, Buffer.concat([Buffer.from([0, 1]), text(topic), Buffer.from([0])]));
}

export function publishPacket(topic: string, payload: Uint8Array): Buffer {
  return packet(PUBLISH_QOS_0, Buffer.concat([text(topic), payload]));
}

/** Payload of a QoS 0 PUBLISH packet. */
export function payloadOf(body: Buffer): Buffer {
  return body.subarray(2 + body.readUInt16BE(0));
}

/** Cuts a byte stream into packets, however the network cut it. */
export class PacketReader {
  private rest: Buffer = Buffer.alloc(0);

  /** @throws {RangeError} for a length that MQTT does not allow. */
  *read(chunk: Buffer): Generator<Packet> {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    for (;;) {
      const header = this.header(bytes, at);
      if (!header || header.end > bytes.length) break;
      yield { type: (bytes[at] as number) >> 4, body: bytes.subarray(header.bodyAt, header.end) };
      at = header.end;
    }
    this.rest = bytes.subarray(at);
  }

  private header(bytes: Buffer, at: number): { bodyAt: number; end: number } | undefined {
    let length = 0;
    for (let i = 0; ; i++) {
      const byte = bytes[at + 1 + i];
      if (byte === undefined) return undefined;
      if (i > 3) throw new RangeError("a packet length of more than four bytes");
      length += (byte & 127) * 128 ** i;
      if (byte < 128) return { bodyAt: at + 2 + i, end: at + 2 + i + length };
    }
  }
}
