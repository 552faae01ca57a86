import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";
import { hostname } from "node:os";
import { connect as connectTls } from "node:tls";
import type { Alert } from "../alert.js";
import { type Channel, connectionFailure, DeliveryFailure } from "../channel.js";
import { type SyslogFormat, syslogMessage } from "./syslog-message.js";

export interface SyslogSettings {
  channel: "syslog";
  host: string;
  port: number;
  transport: "udp" | "tcp" | "tls";
  facility: number;
  body: "text" | "cef";
  structuredDataId: string;
  version: string;
}

/** What every receiver should take: RFC 5426, 3.2, and RFC 5425, 4.3.1. */
const MAX_BYTES = { udp: 2048, tcp: 8192, tls: 8192 } as const;
/** How long the receiver may take to close its side before it counts as one that never does. */
const CLOSE_MS = 3000;

/**
 * Sends syslog over UDP (RFC 5426), TCP with octet counting (RFC 6587, 3.4.1) or TLS (RFC 5425).
 *
 * Syslog has no acknowledgement. Over TCP and TLS each alert has a connection of its own, and delivered is one that the
 * receiver read to its end and closed; over UDP it is one that left this machine.
 */
export class SyslogChannel implements Channel {
  readonly name = "syslog";
  readonly host: string;
  private readonly format: SyslogFormat;

  constructor(private readonly settings: SyslogSettings) {
    this.host = settings.host;
    const { facility, body, structuredDataId, version } = settings;
    this.format = { facility, body, structuredDataId, version, hostname: hostname(), processId: process.pid };
  }

  async send(alert: Alert, signal: AbortSignal): Promise<undefined> {
    const { transport } = this.settings;
    const message = syslogMessage(alert, this.format, MAX_BYTES[transport]);
    try {
      if (transport === "udp") await this.sendDatagram(message);
      else await this.sendStream(Buffer.concat([Buffer.from(`${message.length} `), message]), signal);
    } catch (error) {
      throw connectionFailure(error, this.host);
    }
  }

  async close(): Promise<void> {}

  private async sendDatagram(message: Buffer): Promise<void> {
    const { host, port } = this.settings;
    // IPv4 first: nobody says no to a datagram for a receiver that listens on the other address only.
    const { address, family } = await lookup(host, { verbatim: false });
    const socket = createSocket(family === 6 ? "udp6" : "udp4");
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.send(message, port, address, (error) => (error ? reject(error) : resolve()));
      });
    } finally {
      socket.close();
    }
  }

  private sendStream(frame: Buffer, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.connect();
      let lastWait: NodeJS.Timeout | undefined;
      const abandon = () => socket.destroy(Object.assign(new Error(), { name: "AbortError" }));
      signal.addEventListener("abort", abandon, { once: true });
      let problem: Error | undefined;
      let isSent = false;
      socket.once("error", (error) => {
        problem = error;
      });
      socket.once("close", () => {
        clearTimeout(lastWait);
        signal.removeEventListener("abort", abandon);
        if (problem) reject(problem);
        else if (isSent) resolve();
        else reject(new DeliveryFailure(`${this.host} closed the connection too early`));
      });
      // What the receiver says is of no interest, but unread it would keep the connection open.
      socket.resume();
      socket.once(this.settings.transport === "tls" ? "secureConnect" : "connect", () => {
        socket.end(frame, () => {
          isSent = true;
          lastWait = setTimeout(() => socket.destroy(), CLOSE_MS);
        });
      });
    });
  }

  private connect(): Socket {
    const { host, port, transport } = this.settings;
    if (transport === "tcp") return connect({ host, port });
    return connectTls({
      host,
      port,
      // A name in the handshake must be a name, not an address (RFC 6066, 3).
      ...(isIP(host) ? {} : { servername: host }),
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
    });
  }
}
