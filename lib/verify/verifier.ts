import { isIdentifier } from "../common/identifier.js";
import { DEFAULT_JSON_LIMITS, type JsonObject, parseJsonObject } from "../common/json.js";
import type { DeviceInfo, Reading } from "../common/message.js";
import type { QuantityLimits } from "../common/quantity-limits.js";
import { Rejection } from "../common/rejection.js";
import type { Absence, ReceptionInfo } from "../common/security.js";
import { parseTimestamp } from "../common/timestamp.js";
import { flattened } from "./flatten.js";
import { clockOf, DEFAULT_MAX_CLOCK_DIFFERENCE } from "./freshness.js";
import type { PayloadCheck } from "./payload-schema.js";
import { refuseOutOfRange } from "./ranges.js";
import type { RateLimit } from "./rate-limit.js";
import { nameOf, normaliseReading } from "./reading.js";
import { noteClaim, receptionOf } from "./reception.js";
import { SenderPaces } from "./sender-paces.js";

/** What the verifier needs to know of a listed device. */
export interface KnownDevice {
  readonly id: string;
  /** An envelope profile, or `plain-json` for a device without a key. */
  readonly profile: string;
}

/** A message's content and what opening it proved. */
export interface OpenedReading {
  payload: JsonObject;
  /** Whether the device's key sealed it. */
  authenticated: boolean;
  /** Number of the message, in profiles with a counter; no message passes `open` twice under the same one. */
  counted?: { epoch: number; counter: number };
}

export interface OpenReadingContext {
  /** Receiver's clock, milliseconds since the Unix epoch. */
  now: number;
  topic: string;
  /** The journal's record that the message is, if it comes from one. */
  record?: { journal: string; n: number; away?: Absence } | undefined;
}

export interface VerifierOptions {
  /** The registry. */
  devices: {
    deviceOfTopic(topic: string): KnownDevice | undefined;
    get(id: string): KnownDevice | undefined;
  };
  /**
   * Authenticates and opens a message of a device that has a key, and refuses copies; where there is no counter, what
   * is not fresh as well.
   *
   * @throws {Rejection}
   */
  open: (device: KnownDevice, message: Buffer | string, context: OpenReadingContext) => OpenedReading;
  /** Largest message in bytes; default 8192. */
  maxBytes?: number;
  /** What becomes of messages on topics that no device has: refused, or taken as unproved plain JSON. */
  unlisted?: "reject" | "accept";
  /** How far a device's clock may be off where a counter tells copies, seconds; default 300. */
  maxClockDifference?: number;
  /** Checked before a payload is looked at; numbers in `sensors` and `system` then come to the top level. */
  schema?: PayloadCheck;
  /** What quantities of a device are refused beyond; without it everything finite passes. */
  limitsOf?: (device: string) => QuantityLimits;
  /** How many messages of a listed device pass; without it all. */
  rate?: RateLimit;
}

/** The outcome for one message; `received` is there either way. */
export type Verification =
  | { received: ReceptionInfo; device: DeviceInfo; reading: Reading }
  | { received: ReceptionInfo; rejection: Rejection };

export const DEFAULT_VERIFY_BYTES = 8192;
export const PLAIN_PROFILE = "plain-json";

/**
 * Decides who sent a message, and whether it may be believed: size, topic to device, envelope with that device's own
 * key, copies, freshness, schema, the name it gives itself, form of the reading, ranges, rate, in this order.
 */
export class MessageVerifier {
  readonly #options: VerifierOptions;
  readonly #maxBytes: number;
  readonly #paces: SenderPaces;

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? DEFAULT_VERIFY_BYTES;
    this.#paces = new SenderPaces(options.rate?.rate);
  }

  /**
   * @param message Buffer or string off the wire; anything else is refused (FORMAT).
   * @param topic the MQTT topic.
   * @param now receiver's clock, milliseconds since the Unix epoch.
   * @param record the journal's record that the message is, if it comes from one.
   * @throws nothing that a message can cause; what `open` throws besides a Rejection is passed on.
   */
  verify(message: unknown, topic: unknown, now: number, record?: OpenReadingContext["record"]): Verification {
    const received = receptionOf(bytesOf(message), topic, now);
    try {
      const { device, reading } = this.#check(message, topic, now, received, record);
      return { received, device, reading };
    } catch (error) {
      if (error instanceof Rejection) return { received, rejection: error };
      throw error;
    }
  }

  #check(
    message: unknown,
    topic: unknown,
    now: number,
    received: ReceptionInfo,
    record: OpenReadingContext["record"],
  ): { device: DeviceInfo; reading: Reading } {
    const owner = typeof topic === "string" ? this.#options.devices.deviceOfTopic(topic) : undefined;
    if (owner) received.topicDevice = owner.id;
    if (typeof message !== "string" && !Buffer.isBuffer(message)) {
      throw new Rejection("FORMAT", "the message is neither a Buffer nor a string");
    }
    if (received.size > this.#maxBytes) {
      throw new Rejection("SIZE", `${received.size} bytes exceed the limit of ${this.#maxBytes}`);
    }
    if (typeof topic !== "string" || !owner) {
      this.#noteClaimIn(message, received);
      if (typeof topic !== "string") throw new Rejection("TOPIC_MISMATCH", "the message has no topic");
      return this.#unlisted(message, now);
    }
    const { payload, authenticated, counted } = this.#opened(owner, message, { now, topic, record }, received);
    if (authenticated) received.sender = { device: owner.id, ...counted };
    if (authenticated && record?.away) received.away = record.away;
    noteClaim(received, nameOf(payload) ?? "");
    const { maxClockDifference = DEFAULT_MAX_CLOCK_DIFFERENCE } = this.#options;
    const clock = counted && clockOf(payload, now, maxClockDifference, received.away);
    const stamp = clock === "gateway" ? { timestamp: new Date(now).toISOString() } : {};
    const reading = this.#readingOf(payload, stamp);
    if (reading.device_id !== undefined && reading.device_id !== owner.id) {
      throw new Rejection("TOPIC_MISMATCH", "the message names another device than the one whose topic it is");
    }
    reading.device_id = owner.id;
    if (this.#options.limitsOf) refuseOutOfRange(reading, this.#options.limitsOf(owner.id));
    const sentAt = authenticated && clock !== "gateway" ? sentAtOf(reading) : undefined;
    const pace = this.#paces.next(owner.id, received, sentAt);
    if (pace.isBacklog) received.backlog = true;
    this.#options.rate?.take(owner.id, pace.at);
    const device: DeviceInfo = { id: owner.id, authenticated, profile: owner.profile, receivedAt: now };
    if (counted) {
      device.epoch = counted.epoch;
      device.counter = counted.counter;
    }
    if (clock === "gateway") device.clock = clock;
    return { device, reading };
  }

  #opened(
    device: KnownDevice,
    message: Buffer | string,
    context: OpenReadingContext,
    received: ReceptionInfo,
  ): OpenedReading {
    try {
      if (device.profile !== PLAIN_PROFILE) return this.#options.open(device, message, context);
      return { payload: this.#parse(message), authenticated: false };
    } catch (error) {
      this.#noteClaimIn(message, received);
      throw error;
    }
  }

  /** @param stamp what the receiver itself puts in, after the schema has seen what the device sent. */
  #readingOf(payload: JsonObject, stamp: JsonObject = {}): Reading {
    const { schema } = this.#options;
    schema?.(payload);
    return normaliseReading(Object.assign(schema ? flattened(payload) : { ...payload }, stamp));
  }

  /** A message on a topic that no device has. Its name is a claim, but never the name of a listed device. */
  #unlisted(message: Buffer | string, now: number): { device: DeviceInfo; reading: Reading } {
    if (this.#options.unlisted !== "accept") {
      throw new Rejection("UNKNOWN_DEVICE", "no device of the registry has this topic");
    }
    const reading = this.#readingOf(this.#parse(message));
    const id = reading.device_id;
    if (!isIdentifier(id)) throw new Rejection("SCHEMA", "device_id is not 1 to 64 of A-Z a-z 0-9 . _ -");
    if (this.#options.devices.get(id)) {
      throw new Rejection("TOPIC_MISMATCH", "the message names a listed device that does not have this topic");
    }
    return { device: { id, authenticated: false, profile: PLAIN_PROFILE, receivedAt: now }, reading };
  }

  #parse(message: Buffer | string): JsonObject {
    return parseJsonObject(message, { ...DEFAULT_JSON_LIMITS, maxBytes: this.#maxBytes });
  }

  /** Notes the name in a message that is plain JSON: also what cannot be opened may name itself. */
  #noteClaimIn(message: Buffer | string, received: ReceptionInfo): void {
    if (!mayBeObject(message)) return;
    try {
      noteClaim(received, nameOf(this.#parse(message)) ?? "");
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
    }
  }
}

/** A reading's time is in the usual form by then. */
function sentAtOf({ timestamp }: Reading): number | undefined {
  return timestamp === undefined ? undefined : parseTimestamp(timestamp);
}

/** Spares sealed messages the parser: JSON objects begin with a brace, perhaps after white space. */
function mayBeObject(message: Buffer | string): boolean {
  const first = typeof message === "string" ? message.charCodeAt(0) : message[0];
  return first === 0x7b || first === 0x20 || first === 0x09 || first === 0x0a || first === 0x0d;
}

function bytesOf(message: unknown): Buffer {
  if (Buffer.isBuffer(message)) return message;
  return typeof message === "string" ? Buffer.from(message) : Buffer.alloc(0);
}
