// MQTT packets byte by byte, also ones that no client library would send.
export interface ConnectBytes {
  protocol?: string;
  level?: number;
  flags?: number;
  keepalive?: number;
  clientId?: string | Buffer;
  will?: { topic: string | Buffer; payload: string };
  username?: string | Buffer;
  password?: string;
  extra?: Buffer;
}

export function lengthBytes(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}

export function packet(firstByte: number, ...body: Buffer[]): Buffer {
  const bytes = Buffer.concat(body);
  return Buffer.concat([Buffer.from([firstByte]), lengthBytes(bytes.length), bytes]);
}

export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

export function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

export function connectBody(options: ConnectBytes = {}): Buffer {
  const { will, username, password } = options;
  const flags =
    options.flags ??
    0x02 | (will ? 0x04 : 0) | (username === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40);
  return Buffer.concat([
    field(options.protocol ?? "MQTT"),
    Buffer.from([options.level ?? 4, flags]),
    uint16(options.keepalive ?? 60),
    field(options.clientId ?? "client-1"),
    ...(will ? [field(will.topic), field(will.payload)] : []),
    ...(username === undefined ? [] : [field(username)]),
    ...(password === undefined ? [] : [field(password)]),
    options.extra ?? Buffer.alloc(0),
  ]);
}

export function connectPacket(options: ConnectBytes = {}): Buffer {
  return packet(0x10, connectBody(options));
}

export function publishPacket(topic: string | Buffer, payload: string | Buffer, qos: 0 | 1 = 0): Buffer {
  const id = qos === 0 ? [] : [uint16(1)];
  return packet(0x30 | (qos << 1), field(topic), ...id, Buffer.from(payload as string));
}

export function subscribePacket(filter: string | Buffer): Buffer {
  return packet(0x82, uint16(7), field(filter), Buffer.from([0]));
}
