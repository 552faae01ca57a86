import type { SeededRandom } from "../../lib/common/seeded-random.js";
import type { WrittenFrame } from "../../lib/network/capture/writer.js";
import { type Host, TCP_FLAGS, tcpFrame } from "./frames.js";

const { FIN, SYN, RST, PSH, ACK } = TCP_FLAGS;
const MAX_SEGMENT = 1400;
/** Round trip in a house, seconds. */
const TRIP_S = 0.002;

/** Frames of one piece of a capture, in any order until they are taken. */
export class Traffic {
  private readonly frames: WrittenFrame[] = [];
  private nextPort = 32_768;

  constructor(readonly random: SeededRandom) {
    this.nextPort += random.integer(20_000);
  }

  add(time: number, bytes: Buffer): void {
    this.frames.push({ time, bytes });
  }

  /** A port that no other connection of this piece has. */
  port(): number {
    return this.nextPort++;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.random.integer(256)));
  }

  /** By time. */
  take(): WrittenFrame[] {
    return this.frames.sort((a, b) => a.time - b.time);
  }
}

/** A TCP connection with its handshake, its numbers and its end. */
export class Talk {
  private readonly port: number;
  private clientNext: number;
  private serverNext: number;

  constructor(
    private readonly traffic: Traffic,
    private readonly client: Host,
    private readonly server: Host,
    private readonly serverPort: number,
    private time: number,
  ) {
    this.port = traffic.port();
    this.clientNext = traffic.random.uint32() >>> 1;
    this.serverNext = traffic.random.uint32() >>> 1;
    this.fromClient(SYN, undefined, 0);
    this.clientNext++;
    this.fromServer(SYN | ACK);
    this.serverNext++;
    this.fromClient(ACK);
  }

  /** The client says something and the server answers; either may be empty. */
  exchange(request: Buffer, answer: Buffer): this {
    for (const part of partsOf(request)) this.clientNext += this.fromClient(PSH | ACK, part);
    for (const part of partsOf(answer)) this.serverNext += this.fromServer(PSH | ACK, part);
    if (answer.length > 0) this.fromClient(ACK);
    else this.fromServer(ACK);
    return this;
  }

  wait(seconds: number): this {
    this.time += seconds;
    return this;
  }

  close(): void {
    this.fromClient(FIN | ACK);
    this.clientNext++;
    this.fromServer(FIN | ACK);
    this.serverNext++;
    this.fromClient(ACK);
  }

  /** The server has had enough of it. */
  reset(): void {
    this.fromServer(RST | ACK);
  }

  private fromClient(flags: number, payload?: Buffer, acknowledgement = this.serverNext): number {
    const ports = { sourcePort: this.port, destinationPort: this.serverPort };
    return this.send(
      this.client,
      this.server,
      { ...ports, flags, sequence: this.clientNext, acknowledgement },
      payload,
    );
  }

  private fromServer(flags: number, payload?: Buffer): number {
    const ports = { sourcePort: this.serverPort, destinationPort: this.port };
    const numbers = { sequence: this.serverNext, acknowledgement: this.clientNext };
    return this.send(this.server, this.client, { ...ports, flags, ...numbers }, payload);
  }

  private send(from: Host, to: Host, segment: Parameters<typeof tcpFrame>[2], payload?: Buffer): number {
    this.traffic.add(this.time, tcpFrame(from, to, { ...segment, ...(payload && { payload }) }));
    this.time += TRIP_S * (0.5 + this.traffic.random.uniform());
    return payload?.length ?? 0;
  }
}

function partsOf(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MAX_SEGMENT) parts.push(bytes.subarray(at, at + MAX_SEGMENT));
  return parts;
}
