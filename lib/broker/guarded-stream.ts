import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type ConnectFields, ConnectRefused, readConnect } from "./connect-packet.js";
import type { BrokerLimits } from "./limits.js";
import { PacketLengthScanner } from "./packet-lengths.js";
import type { PendingConnection, PendingConnections } from "./pending.js";
import type { RefusalReason } from "./refusals.js";

const CONNECT_FIRST_BYTE = 0x10;
const MAX_LENGTH_BYTES = 4;

type Callback = (error?: Error | null) => void;

export interface GuardSettings {
  limits: BrokerLimits;
  pending: PendingConnections;
  onRefused: (reason: RefusalReason) => void;
}

/**
 * What the broker sees of a client's connection. Nothing reaches the broker before a complete, well-formed CONNECT
 * of limited size; what follows it waits, unread, until {@link GuardedStream.admit}; from then on only packet
 * lengths are checked and the bytes pass through uncopied.
 */
export class GuardedStream extends Duplex implements PendingConnection {
  private state: "connect" | "login" | "open" = "connect";
  private buffered: Buffer = Buffer.alloc(0);
  private readonly scanner: PacketLengthScanner;
  private readonly deadline: NodeJS.Timeout;
  private drained: Callback | undefined;
  /** Set once the CONNECT was read. */
  connect: ConnectFields | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly settings: GuardSettings,
  ) {
    super({ allowHalfOpen: false });
    const { limits, pending } = settings;
    this.scanner = new PacketLengthScanner(limits.maxPacketBytes);
    this.deadline = setTimeout(() => this.refuse("connect-timeout"), limits.connectTimeoutMs);
    pending.add(this);
    socket.on("data", (chunk) => this.receive(chunk));
    socket.on("end", () => this.receiveEnd());
    socket.on("drain", () => this.flushed());
    socket.on("close", () => this.destroy());
    // The close event follows; a reset connection is everyday business.
    socket.on("error", () => {});
  }

  /** Lets the client's packets through: its login was accepted. */
  admit(): void {
    if (this.state !== "login" || this.destroyed) return;
    this.state = "open";
    clearTimeout(this.deadline);
    this.settings.pending.remove(this);
    const waiting = this.buffered;
    this.buffered = Buffer.alloc(0);
    if (waiting.length > 0) this.forward(waiting);
    this.socket.resume();
  }

  refuse(reason: RefusalReason): void {
    if (this.destroyed) return;
    this.settings.onRefused(reason);
    this.destroy();
  }

  evict(): void {
    this.refuse("pending-evicted");
  }

  private receive(chunk: Buffer): void {
    if (this.destroyed) return;
    if (this.state === "open") this.forward(chunk);
    else this.receiveBeforeLogin(chunk);
  }

  private receiveEnd(): void {
    // A client that goes before it is in has nothing to deliver.
    if (this.state === "open") this.push(null);
    else this.destroy();
  }

  private receiveBeforeLogin(chunk: Buffer): void {
    this.settings.pending.holds(this, chunk.length);
    if (this.destroyed) return;
    // A copy for small pieces only: a client that sends CONNECT in one piece pays nothing.
    this.buffered = this.buffered.length === 0 ? chunk : Buffer.concat([this.buffered, chunk]);
    if (this.state === "login") return;
    const end = this.connectEnd();
    if (end === undefined) return;
    const { headerLength, total } = end;
    try {
      this.connect = readConnect(this.buffered.subarray(headerLength, total));
    } catch (error) {
      this.refuse(error instanceof ConnectRefused ? error.reason : "connect-malformed");
      return;
    }
    this.state = "login";
    this.deadline.refresh();
    // The kernel holds back the rest: until login, one read of 64 KiB is the most that is kept.
    this.socket.pause();
    const connect = this.buffered.subarray(0, total);
    this.buffered = this.buffered.subarray(total);
    this.push(connect);
  }

  /** Where the CONNECT ends, once all of it is there; refuses the connection when it cannot become one. */
  private connectEnd(): { headerLength: number; total: number } | undefined {
    const bytes = this.buffered;
    if (bytes[0] !== CONNECT_FIRST_BYTE) {
      this.refuse("not-connect");
      return undefined;
    }
    let length = 0;
    for (let i = 1; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      length += (byte & 0x7f) * 128 ** (i - 1);
      const isLastLengthByte = (byte & 0x80) === 0;
      if (length > this.settings.limits.maxConnectBytes || (i === MAX_LENGTH_BYTES && !isLastLengthByte)) {
        this.refuse("connect-too-large");
        return undefined;
      }
      if (isLastLengthByte) {
        const total = i + 1 + length;
        return bytes.length >= total ? { headerLength: i + 1, total } : undefined;
      }
    }
    return undefined;
  }

  private forward(chunk: Buffer): void {
    const result = this.scanner.scan(chunk);
    if (result !== "ok") this.refuse(result === "too-large" ? "packet-too-large" : "packet-malformed");
    else if (!this.push(chunk)) this.socket.pause();
  }

  override _read(): void {
    if (this.state !== "login") this.socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: Callback): void {
    this.afterWrite(this.socket.write(chunk, encoding), callback);
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], callback: Callback): void {
    this.socket.cork();
    let flowing = true;
    for (const { chunk, encoding } of chunks) flowing = this.socket.write(chunk, encoding);
    this.socket.uncork();
    this.afterWrite(flowing, callback);
  }

  /** A full socket holds the callback back, so that the broker's drain timeout ends a client that does not read. */
  private afterWrite(flowing: boolean, callback: Callback): void {
    if (flowing || this.socket.writableLength === 0) callback();
    else this.drained = callback;
  }

  private flushed(): void {
    const callback = this.drained;
    this.drained = undefined;
    callback?.();
  }

  override _final(callback: Callback): void {
    this.socket.end(() => callback());
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.deadline);
    this.settings.pending.remove(this);
    this.buffered = Buffer.alloc(0);
    this.socket.destroy();
    this.flushed();
    callback(error);
  }
}
