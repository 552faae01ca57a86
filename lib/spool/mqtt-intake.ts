import { Socket } from "node:net";
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { type HeldMessage, HeldMessages } from "./held-messages.js";
import type { IntakeEntry } from "./intake-entry.js";
import type { IntakeJournal, IntakeRecord } from "./intake-journal.js";

/** What TLS needs besides the defaults; verification cannot be switched off. */
export interface ClientTls {
  ca?: Buffer;
  cert?: Buffer;
  key?: string;
}

export interface MqttIntakeOptions {
  /** `mqtt:` or `mqtts:`, without a login. */
  url: URL;
  login?: { username: string; password: string };
  tls?: ClientTls;
  /** The broker keeps this client's session, and its messages, under this name. */
  clientId: string;
  /** Filters to subscribe to. */
  topics: readonly string[];
  journal: IntakeJournal;
  /** Records that are taken over and not finished, from which on nothing is acknowledged. */
  maxUnfinished?: number;
  maxPayloadBytes?: number;
  /** A message that is on the disk and acknowledged. */
  onRecord: (record: IntakeRecord) => void;
  /** A message above `maxPayloadBytes`, which is acknowledged, so that it does not come again. */
  onOversize: (topic: string, size: number) => void;
  /** State or problem changed. */
  onChange: () => void;
  /** The broker gave a sign of life, or messages can be taken over again: it is connected, and the disk takes them. */
  onHeard?: (sign: "packet" | "again") => void;
  reconnectMs?: number;
}

export const DEFAULT_MAX_UNFINISHED = 10_000;
export const DEFAULT_MAX_PAYLOAD_BYTES = 65_536;
const RETRY_MS = 500;
const PUBACK = 0x40;
const SUBSCRIPTION_REFUSED = 0x80;
/** Tells MQTT.js not to acknowledge; the PUBACK is ours to send. */
const UNACKNOWLEDGED = new Error("not on the disk yet");

/**
 * An MQTT client (QoS 1, persistent session) that acknowledges a message only after its record is on the disk.
 *
 * MQTT.js handles one packet after the other and would wait for each commit. So it is told not to acknowledge, reads
 * on, and the PUBACK goes out from here after the commit that many messages share.
 */
export class MqttIntake {
  private readonly client: MqttClient;
  private readonly held = new HeldMessages();
  private received = 0;
  private appending = 0;
  private acknowledgedTotal = 0;
  private droppedTotal = 0;
  private isClosed = false;
  private isSubscribed = false;
  private acknowledging: { stream: MqttClient["stream"]; bytes: number[] } | undefined;
  private retry: NodeJS.Timeout | undefined;
  private connectionProblem: string | undefined = "not connected yet";
  private diskProblem: string | undefined;

  constructor(private readonly options: MqttIntakeOptions) {
    const { url, login, tls, clientId, reconnectMs = 1000 } = options;
    const settings: IClientOptions = {
      clientId,
      clean: false,
      protocolVersion: 4,
      keepalive: 30,
      connectTimeout: 10_000,
      reconnectPeriod: reconnectMs,
      reconnectOnConnackError: true,
      resubscribe: false,
      rejectUnauthorized: true,
      // Its own traces, which nobody reads, would cost a message a dozen calls.
      log: () => {},
      ...login,
      ...tls,
    };
    this.client = connect(url.href, settings);
    this.client.handleMessage = (packet, callback) => this.receive(packet, callback);
    this.client.on("packetreceive", (packet) => {
      // What comes while nothing can be written is not taken over: the broker keeps it as if nobody were there.
      if (this.diskProblem) return;
      // The CONNACK is the first sign after an absence, and not the last one before it; a refusal is none.
      if (packet.cmd !== "connack") this.options.onHeard?.("packet");
      else if ((packet.returnCode ?? 0) === 0) this.options.onHeard?.("again");
    });
    this.client.on("connect", ({ sessionPresent }) => this.connected(sessionPresent));
    this.client.on("close", () => this.disconnected());
    this.client.on("error", (error) => this.failed(error));
  }

  /** Why nothing can be taken over at the moment. */
  get problem(): string | undefined {
    if (this.diskProblem) return this.diskProblem;
    return this.connectionProblem ?? (this.isFull ? "too many records are unfinished" : undefined);
  }

  /** Messages that were acknowledged after their commit. */
  get acknowledged(): number {
    return this.acknowledgedTotal;
  }

  /** Messages of QoS 0 that could not be taken over. */
  get dropped(): number {
    return this.droppedTotal;
  }

  /** Messages that wait unacknowledged in memory. */
  get waiting(): number {
    return this.held.size;
  }

  /** The session stays at the broker. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    await this.client.endAsync(true);
  }

  private get isFull(): boolean {
    const { journal, maxUnfinished = DEFAULT_MAX_UNFINISHED } = this.options;
    return journal.unfinished + this.appending >= maxUnfinished;
  }

  private connected(sessionPresent: boolean): void {
    this.connectionProblem = undefined;
    // A PUBACK must not wait for the broker's answer to the one before it: without it, no further message may come.
    if (this.client.stream instanceof Socket) this.client.stream.setNoDelay(true);
    this.options.onChange();
    // Subscribing again would bring retained messages again.
    if (sessionPresent && this.isSubscribed) return;
    this.client.subscribe([...this.options.topics], { qos: 1 }, (error, granted) => {
      const isRefused = granted?.some(({ qos }) => (qos as number) >= SUBSCRIPTION_REFUSED);
      this.isSubscribed = !error && !isRefused;
      if (!this.isSubscribed && this.client.connected) this.connectionProblem = "the broker refuses the subscription";
      this.options.onChange();
    });
  }

  private disconnected(): void {
    this.held.clear();
    if (this.isClosed) return;
    this.connectionProblem ??= "the broker closed the connection";
    this.options.onChange();
  }

  /** By its code: texts of libraries may quote what is secret. */
  private failed(error: Error): void {
    const { code } = error as { code?: unknown };
    const known = typeof code === "string" || typeof code === "number" ? String(code) : "protocol error";
    this.connectionProblem = ["4", "5"].includes(known)
      ? "the broker refuses the login"
      : `no connection to the broker: ${known}`;
    this.options.onChange();
  }

  private receive(packet: IPublishPacket, callback: (error?: Error) => void): void {
    const { topic, qos, messageId } = packet;
    const bytes = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    if (this.isClosed) {
      callback(UNACKNOWLEDGED);
      return;
    }
    if (bytes.length > (this.options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES)) {
      this.options.onOversize(topic, bytes.length);
      callback();
      return;
    }
    const entry = { at: Date.now(), topic, bytes };
    if (qos === 0 || messageId === undefined) {
      if (this.isFull || this.held.size > 0) this.droppedTotal++;
      else this.append({ entry });
      callback();
      return;
    }
    const { stream } = this.client;
    const acknowledge = () => {
      if (this.isClosed || this.client.stream !== stream || !this.client.connected) return;
      this.acknowledge(stream, [PUBACK, 2, messageId >> 8, messageId & 0xff]);
      this.acknowledgedTotal++;
    };
    const message = { order: this.received++, entry, acknowledge };
    if (this.isFull || this.held.size > 0 || this.held.hasOverflowed) this.hold(message);
    else this.append(message);
    callback(UNACKNOWLEDGED);
  }

  /** Those of one commit leave together: a write for each would cost more than the rest of taking a message over. */
  private acknowledge(stream: MqttClient["stream"], packet: readonly number[]): void {
    if (this.acknowledging?.stream === stream) {
      this.acknowledging.bytes.push(...packet);
      return;
    }
    const group = { stream, bytes: [...packet] };
    this.acknowledging = group;
    process.nextTick(() => {
      if (this.acknowledging === group) this.acknowledging = undefined;
      if (!this.isClosed && this.client.stream === stream && this.client.connected)
        stream.write(Buffer.from(group.bytes));
    });
  }

  /** @param message with QoS 1, or the entry alone of one that nobody waits for. */
  private append(message: HeldMessage | { entry: IntakeEntry }): void {
    const { journal, onRecord } = this.options;
    const { entry } = message;
    this.appending++;
    journal
      .append(entry)
      .finally(() => {
        this.appending--;
      })
      .then(
        (n) => {
          if (this.diskProblem) {
            this.diskProblem = undefined;
            if (this.client.connected) this.options.onHeard?.("again");
            this.options.onChange();
          }
          if ("acknowledge" in message) message.acknowledge();
          // After the end of a node the record waits in the journal for the next one.
          if (!this.isClosed) onRecord({ n, ...entry });
        },
        (error: Error) => {
          this.diskProblem = `the journal cannot be written: ${error.message}`;
          this.options.onChange();
          if ("acknowledge" in message) this.hold(message);
          else this.droppedTotal++;
        },
      );
  }

  private hold(message: HeldMessage): void {
    if (this.isClosed || !this.client.connected) return;
    this.held.add(message);
    this.options.onChange();
    this.retry ??= setTimeout(() => this.tryAgain(), RETRY_MS);
  }

  private tryAgain(): void {
    this.retry = undefined;
    if (this.isClosed) return;
    const { journal, maxUnfinished = DEFAULT_MAX_UNFINISHED } = this.options;
    const room = Math.max(0, maxUnfinished - journal.unfinished - this.appending);
    // One message at first finds out whether the disk takes any.
    for (const message of this.held.take(this.diskProblem ? Math.min(room, 1) : room)) this.append(message);
    const isRelieved = this.held.size === 0 && this.appending === 0 && room > 0 && !this.diskProblem;
    if (isRelieved && this.held.hasOverflowed) {
      this.held.clear();
      this.client.reconnect();
      return;
    }
    this.options.onChange();
    if (!isRelieved) this.retry = setTimeout(() => this.tryAgain(), RETRY_MS);
  }
}
