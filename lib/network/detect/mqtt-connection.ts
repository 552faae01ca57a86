import { createHmac, randomBytes } from "node:crypto";
import { isLoginRefusal, isWildcardOnly, type MqttConnect } from "../mqtt/packets.js";
import { type MqttEvents, MqttSession } from "../mqtt/session.js";
import type { Packet } from "../packet.js";
import type { Application, Connection } from "./connections.js";
import type { DetectorContext } from "./context.js";
import type { MqttAbuseDetector } from "./mqtt-abuse.js";
import type { Unfinished } from "./unfinished.js";
import type { WindowCount } from "./window-count.js";

/** A keep-alive of 10 minutes or more, or none, lets a client hold a connection in silence. */
const LONG_KEEP_ALIVE_S = 600;
/** Credentials are compared by a digest whose key lives as long as the process; 32 bits of it cannot be turned back. */
const DIGEST_KEY = randomBytes(32);

function digestOf([userName, password]: MqttConnect["credential"]): number {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(userName.length);
  return createHmac("sha256", DIGEST_KEY).update(length).update(userName).update(password).digest().readUInt32BE();
}

/** One MQTT connection as the detectors see it. */
export class MqttConnection implements Application, Unfinished, MqttEvents {
  readonly since: number;
  clientId = "";
  /** Whether the client did anything after its login. */
  isUsed = false;
  isRefused = false;
  /** Its PUBLISH of the last seconds, since when. */
  rate: WindowCount | undefined;
  rateSince = 0;
  private keepAlive = 0;
  private credential = 0;
  private isOver = false;
  private readonly session: MqttSession;

  constructor(
    readonly c: Connection,
    context: DetectorContext,
    private readonly abuse: MqttAbuseDetector,
    /** Sequence number of the first byte, where the capture began within the session. */
    runningFrom?: number,
  ) {
    this.since = context.now;
    const isRunning = runningFrom !== undefined;
    this.session = new MqttSession(isRunning ? runningFrom : (c.clientIsn + 1) >>> 0, this, isRunning);
    // A running session was used; only a new one can be held in silence.
    if (isRunning) this.isUsed = true;
    else abuse.began(this);
  }

  client(p: Packet): void {
    this.session.client(p);
  }

  server(p: Packet): void {
    this.session.server(p);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.abuse.ended(this);
  }

  isSlow(): boolean {
    if (this.session.isWithinPacket) return true;
    if (!this.session.isConnected) return false;
    return !this.isUsed && !this.isRefused && (this.keepAlive === 0 || this.keepAlive >= LONG_KEEP_ALIVE_S);
  }

  connect(connect: MqttConnect): void {
    this.clientId = connect.clientId.slice(0, 256);
    this.keepAlive = connect.keepAlive;
    this.credential = digestOf(connect.credential);
    this.abuse.connected(this);
  }

  connack(code: number): void {
    if (code === 0) return;
    this.isRefused = true;
    this.abuse.refused(this, isLoginRefusal(code) ? this.credential : undefined);
  }

  publish(): void {
    this.use();
    this.abuse.published(this);
  }

  subscribe(filters: string[]): void {
    this.use();
    const all = filters.find(isWildcardOnly);
    if (all !== undefined) this.abuse.eavesdropped(this, all);
  }

  other(type: number): void {
    // DISCONNECT is no use of a session.
    if (type !== 14) this.use();
  }

  malformed(reason: string): void {
    this.use();
    this.abuse.malformed(this, reason);
  }

  lost(): void {
    // What was not captured may have been anything.
    this.use();
    this.abuse.lost();
  }

  private use(): void {
    if (this.isUsed) return;
    this.isUsed = true;
    this.abuse.used(this);
  }
}
