import type { QuantityLimits } from "../common/quantity-limits.js";
import type { Absence, TrafficFeatures } from "../common/security.js";
import { type Pace, SenderPace } from "../common/sender-pace.js";
import { Allowance, DEFAULT_NEW_SOURCE_RATE } from "./allowance.js";
import { Plausibility } from "./plausibility.js";
import { DEFAULT_LIMITS, quantityOf } from "./quantities.js";
import { RateWindow } from "./rate-window.js";
import { SourceTable } from "./source-table.js";
import { TopicMemory } from "./topic-memory.js";

/** One message as its receiver saw it. */
export interface TrafficSample {
  /** Who is counted; any text. */
  source: string;
  /** Whether `source` was proved. */
  authenticated: boolean;
  /** Whether the message was refused: then anybody may have sent it under this name. */
  refused?: boolean;
  /** Reception, milliseconds since the Unix epoch, finite. */
  at: number;
  /** When the sender says that it made the message, milliseconds since the Unix epoch; only where it was proved. */
  sentAt?: number;
  /** The sender has no clock: `sentAt` is the receiver's, and says nothing about when a message was made. */
  hasNoClock?: boolean;
  /** The receiver's last absence, where the message may have waited for its end. */
  away?: Absence;
  topic: string;
  /** Bytes on the wire. */
  size: number;
  /** The decoded message; anything but an object has no quantities. */
  reading: unknown;
  /** What is believable of the source's quantities; default {@link DEFAULT_LIMITS}. */
  limits?: QuantityLimits;
}

export interface TrafficMeterOptions {
  /** Sources that are followed, separately for proved ones, others, and names in refused messages; default 10,000. */
  cap?: number;
  /** Messages a second that a source may send until its usual rate is known; default 5. */
  newSourceRate?: number;
}

export const DEFAULT_CAP = 10_000;

class SourceState {
  readonly window = new RateWindow();
  readonly allowance = new Allowance();
  readonly topics = new TopicMemory();
  readonly plausibility = new Plausibility();
  readonly pace = new SenderPace();
  lastSentAt: number | undefined;
}

function featuresOf(sample: TrafficSample, rate: number, interArrival: number | null): Record<string, number> {
  const features: Record<string, number> = { message_rate: rate, payload_size: sample.size };
  if (interArrival !== null) features.inter_arrival = interArrival;
  for (const name of ["temperature", "humidity"]) {
    const value = quantityOf(sample.reading, name);
    if (value !== null) features[name] = value;
  }
  return features;
}

/**
 * Measures, per source, what a sender cannot lie about: rate, spacing, size, topics, and whether values can be true.
 *
 * Proved sources, others, and the names in refused messages are kept in three tables. So nobody can spoil a device's
 * measurements by using its name, or have devices forgotten by inventing names; nor those of a device without a key, as
 * long as it alone may use its topic. A source takes about a kilobyte. Everything is in memory and begins anew
 * with each meter: after a restart each source is new once, and its usual rate is learned again from 20 intervals.
 */
export class TrafficMeter {
  private readonly proved: SourceTable<SourceState>;
  private readonly unproved: SourceTable<SourceState>;
  private readonly refused: SourceTable<SourceState>;
  private readonly newSourceRate: number;

  /** @throws {RangeError} for a cap below 1 or a rate that is not above 0. */
  constructor({ cap = DEFAULT_CAP, newSourceRate = DEFAULT_NEW_SOURCE_RATE }: TrafficMeterOptions = {}) {
    if (!(newSourceRate > 0)) throw new RangeError("the rate of new sources must be above 0");
    this.newSourceRate = newSourceRate;
    this.proved = new SourceTable(cap, () => new SourceState());
    this.unproved = new SourceTable(cap, () => new SourceState());
    this.refused = new SourceTable(cap, () => new SourceState());
  }

  /** Sources that are followed now and that were forgotten for the cap. */
  get sources(): { followed: number; forgotten: number } {
    const tables = [this.proved, this.unproved, this.refused];
    const sum = (count: "followed" | "forgotten") => tables.reduce((total, table) => total + table[count], 0);
    return { followed: sum("followed"), forgotten: sum("forgotten") };
  }

  /**
   * Measures one message. Samples come in the order of reception; where the clock is set back the time since the last
   * message counts as none. Rate, spacing and changes of a backlog are those at which it was made, see {@link SenderPace}.
   */
  measure(sample: TrafficSample): TrafficFeatures {
    const { source, authenticated, sentAt, topic, size, reading, limits = DEFAULT_LIMITS } = sample;
    const { state, isNew } = this.tableOf(sample).stateOf(source);
    const { interval: interArrival, at, isGranted } = this.paceOf(sample, state);
    const isPaced = sentAt !== undefined && state.lastSentAt !== undefined && !isGranted;
    const sentInterval = isPaced ? Math.abs(sentAt - (state.lastSentAt as number)) / 1000 : null;
    state.lastSentAt = sentAt;
    const rate = state.window.add(at);
    const overRate = state.allowance.isOver(interArrival, this.newSourceRate, sentInterval, !isGranted);
    return {
      source,
      authenticated,
      rate,
      usualRate: state.allowance.usualRate,
      overRate,
      interArrival,
      size,
      newTopic: state.topics.isNew(topic),
      newClient: isNew,
      reportedRate: quantityOf(reading, "message_rate"),
      ...state.plausibility.judge(reading, at, limits),
      features: featuresOf(sample, rate, interArrival),
    };
  }

  private paceOf({ at, sentAt, hasNoClock, away }: TrafficSample, { pace, allowance }: SourceState): Pace {
    const isTold = sentAt !== undefined && !hasNoClock;
    return pace.next(
      { at, ...(isTold && { sentAt }), ...(away && { away }) },
      1 / allowance.refillRate(this.newSourceRate),
    );
  }

  private tableOf({ authenticated, refused }: TrafficSample): SourceTable<SourceState> {
    if (authenticated) return this.proved;
    return refused ? this.refused : this.unproved;
  }
}
