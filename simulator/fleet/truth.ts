import { createHash } from "node:crypto";
import type { ScenarioName } from "./scenario-names.js";

/** What a monitor that believes the sender would read in a message; null where it is no reading. */
export interface ReportedReading {
  /** Degrees Celsius. */
  temperature: number;
  /** Percent. */
  humidity: number;
  /** Messages a second, as the sender claims. */
  rate: number;
}

/** What the monitor said of a message. */
export interface Judgement {
  /** Arrival of its alert, milliseconds since the Unix epoch. */
  at: number;
  isAnomaly: boolean;
  /** Attack type, where it named one. */
  type: string | null;
}

/** One message that was published, and what it really was. No message says this of itself. */
export interface SentMessage {
  /** First 16 hex digits of the SHA-256 of the bytes on the wire. */
  digest: string;
  topic: string;
  /** Who sent it: the login, which need not be who it claims to be. */
  sender: string;
  /** Time of publishing, milliseconds since the Unix epoch. */
  at: number;
  scenario: ScenarioName;
  isAttack: boolean;
  /** Number of the attack's time window; absent for honest messages. */
  episode?: number;
  /** Bytes. */
  size: number;
  reported: ReportedReading | null;
  /** Temperature that the sensor shows without its noise; only of `slow-drift`. */
  levelC?: number;
  /** Its sender has no right to send it: a broker with rules does not pass it on. */
  forbidden?: boolean;
  /** The broker did not pass it on. */
  refused?: boolean;
  judgement?: Judgement;
}

/** What a sender knows of a message that it publishes. */
export type MessageLabel = Pick<SentMessage, "scenario" | "isAttack" | "episode" | "reported" | "levelC" | "forbidden">;

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

export interface TruthOptions {
  /** Told of every message as it is sent, and of each that the broker refused. */
  onMessage?: (message: SentMessage) => void;
  /** Keep only so many of the newest messages; all unless given. */
  keep?: number;
}

/**
 * The ground truth of a run, kept away from the messages themselves. An alert belongs to the oldest unjudged message
 * with its digest: a replayed copy is younger than its original.
 */
export class Truth {
  readonly messages: SentMessage[] = [];
  /** Alerts that belong to no message of this run. */
  foreignAlerts = 0;
  private readonly unjudged = new Map<string, SentMessage[]>();
  private readonly first = new Map<string, SentMessage>();

  constructor(private readonly options: TruthOptions = {}) {}

  /** Takes down a message that is about to be published. */
  record(bytes: Uint8Array, topic: string, sender: string, at: number, label: MessageLabel): SentMessage {
    const message: SentMessage = { digest: digestOf(bytes), topic, sender, at, size: bytes.length, ...label };
    this.messages.push(message);
    if (!this.first.has(message.digest)) this.first.set(message.digest, message);
    const waiting = this.unjudged.get(message.digest);
    if (waiting) waiting.push(message);
    else this.unjudged.set(message.digest, [message]);
    this.options.onMessage?.(message);
    this.forget();
    return message;
  }

  /** The oldest message with these bytes. */
  firstOf(digest: string): SentMessage | undefined {
    return this.first.get(digest);
  }

  /** Messages that no alert has come for, apart from those that the broker refused. */
  get unjudgedCount(): number {
    let count = 0;
    for (const waiting of this.unjudged.values()) count += waiting.length;
    return count;
  }

  /** A broker may also drop what it forbids in silence (Mosquitto does): without a verdict it counts as refused. */
  refuseForbidden(): void {
    for (const message of this.messages) {
      if (message.forbidden && !message.judgement && !message.refused) this.refuse(message);
    }
  }

  refuse(message: SentMessage): void {
    message.refused = true;
    this.drop(message);
    this.options.onMessage?.(message);
  }

  /** @returns whether the alert belongs to a message of this run. */
  judge(digest: string, judgement: Judgement): boolean {
    const message = this.unjudged.get(digest)?.[0];
    if (!message) {
      this.foreignAlerts++;
      return false;
    }
    message.judgement = judgement;
    this.drop(message);
    return true;
  }

  private drop(message: SentMessage): void {
    const rest = (this.unjudged.get(message.digest) ?? []).filter((other) => other !== message);
    if (rest.length === 0) this.unjudged.delete(message.digest);
    else this.unjudged.set(message.digest, rest);
  }

  private forget(): void {
    const { keep } = this.options;
    // Twice as many before half of them go, so that the cost of moving the rest is spread.
    if (keep === undefined || this.messages.length < 2 * keep) return;
    for (const message of this.messages.splice(0, keep)) {
      this.drop(message);
      if (this.first.get(message.digest) === message) this.first.delete(message.digest);
    }
  }
}
