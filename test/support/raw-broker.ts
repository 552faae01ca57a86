// A broker of a few lines, byte by byte, that tells which PUBACKs it got. Grants everything.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { field, packet, uint16 } from "./mqtt-bytes.js";

export interface RawBroker {
  url: string;
  /** Sends to the client that connected last, with QoS 1. */
  publish(messageId: number, topic: string, payload: string | Buffer): void;
  /** Message ids in the order in which they were acknowledged. */
  acknowledged: number[];
  /** CONNECT packets: the flags byte and the client id. */
  connects: { flags: number; clientId: string }[];
  subscribed: Promise<void>;
  /** Closes the client's connection. */
  drop(): void;
  close(): Promise<void>;
}

export async function startRawBroker(onAcknowledged: (messageId: number) => void = () => {}): Promise<RawBroker> {
  const acknowledged: number[] = [];
  const connects: RawBroker["connects"] = [];
  let socket: Socket | undefined;
  let subscribe = () => {};
  const subscribed = new Promise<void>((resolve) => {
    subscribe = resolve;
  });
  const answer = (client: Socket, type: number, body: Buffer) => {
    if (type === 1) {
      const length = body.readUInt16BE(10);
      connects.push({ flags: body[7] as number, clientId: body.toString("utf8", 12, 12 + length) });
      client.write(packet(0x20, Buffer.from([connects.length > 1 ? 1 : 0, 0])));
    }
    if (type === 4) {
      acknowledged.push(body.readUInt16BE(0));
      onAcknowledged(body.readUInt16BE(0));
    }
    if (type === 8) {
      client.write(packet(0x90, body.subarray(0, 2), Buffer.from([1])));
      subscribe();
    }
    if (type === 12) client.write(packet(0xd0));
  };
  const server = createServer((client) => {
    socket = client;
    let bytes = Buffer.alloc(0);
    client.on("error", () => {});
    client.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      // Every packet that this client sends is shorter than 128 bytes.
      while (bytes.length >= 2 && bytes.length >= 2 + (bytes[1] as number)) {
        const end = 2 + (bytes[1] as number);
        answer(client, (bytes[0] as number) >> 4, bytes.subarray(2, end));
        bytes = bytes.subarray(end);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publish: (id, topic, payload) =>
      socket?.write(packet(0x32, field(topic), uint16(id), Buffer.from(payload as string))),
    acknowledged,
    connects,
    subscribed,
    drop: () => socket?.destroy(),
    close: async () => {
      socket?.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
