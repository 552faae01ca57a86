import { DEFAULT_JSON_LIMITS, type JsonLimits, type JsonObject, parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import {
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_SKEW_SECONDS,
  DEFAULT_TTL_SECONDS,
  type EnvelopeProfile,
  type OpenContext,
  type OpenedMessage,
  type ProfileDescription,
  type ProfileOptions,
} from "./profile.js";
import { DEFAULT_REPLAY_CAPACITY, ReplayCache } from "./replay-cache.js";
import type { RecordMark } from "./replay-line.js";
import type { ReplayWindows } from "./replay-windows.js";
import { sequenceOf } from "./sequence.js";

/** Whole seconds, as Fernet counts: a token of the second in which the receiver started is not before it. */
const SECOND_MS = 1000;
const MAX_COUNTER = BigInt(Number.MAX_SAFE_INTEGER);

export interface ReplayOptions extends Pick<ProfileOptions, "ttl" | "maxSkew"> {
  capacity?: number;
  /** Start of the receiver: what was sealed earlier may have been received by its predecessor, so it is STALE. */
  startedAt?: number;
}

/** A replay cache whose window covers everything that a profile with these options accepts. */
export function replayCacheFor(options: ReplayOptions): ReplayCache {
  const { ttl = DEFAULT_TTL_SECONDS, maxSkew = DEFAULT_MAX_SKEW_SECONDS, startedAt } = options;
  return new ReplayCache({
    window: (ttl + maxSkew + 1) * SECOND_MS,
    capacity: options.capacity ?? DEFAULT_REPLAY_CAPACITY,
    ...(startedAt === undefined ? {} : { notBefore: Math.floor(startedAt / SECOND_MS) * SECOND_MS }),
  });
}

export interface ReceiveContext extends OpenContext {
  /** The journal's record that the message is: after a restart the same one may come again. */
  record?: RecordMark | undefined;
}

export interface ReceivedMessage {
  payload: JsonObject;
  /** Whether the profile proves that the sender holds the key. */
  authenticated: boolean;
  /** Who sent it and as its how-manieth, where there is a counter. */
  sender?: { device: string; epoch: number; counter: bigint };
}

/** What a receiver asks whether a counter came before; {@link ReplayWindows.admit}. */
export type CounterMemory = Pick<ReplayWindows, "admit">;

/** What a receiver asks whether a message came before; {@link ReplayCache.admit}. */
export type ReplayMemory = Pick<ReplayCache, "admit">;

export interface ReceiverOptions extends ProfileOptions {
  /** Without it copies of a message are accepted. */
  replayCache?: ReplayMemory;
  /** For profiles with a counter, instead of `replayCache`. */
  windows?: CounterMemory;
  /** Whose number a payload carries, for profiles whose counter is in there; without it `windows` are not asked. */
  senderOf?: (payload: JsonObject, keyIndex: number) => { device: string; epoch: number };
  /**
   * When a message was sealed, read from its authenticated payload in milliseconds since the Unix epoch; throws a
   * Rejection where there is none. Only asked where the profile carries no time: TTL, skew and the start of the
   * replay cache then hold for it as well.
   */
  timeOf?: (payload: JsonObject) => number;
}

/**
 * The receiving end of an envelope: size, form, authenticity, freshness, replay, JSON, in this order. Where there is a
 * counter it tells copies, at once and for ever, and how fresh a message must be is for the caller to judge. A profile
 * that proves nothing gives no protection against copies either.
 */
export class EnvelopeReceiver {
  readonly #description: ProfileDescription;
  readonly #profile: EnvelopeProfile;
  readonly #replayCache: ReplayMemory | undefined;
  readonly #timeOf: ((payload: JsonObject) => number) | undefined;
  readonly #windows: CounterMemory | undefined;
  readonly #senderOf: ReceiverOptions["senderOf"];
  readonly #ttl: number;
  readonly #maxSkew: number;
  readonly #maxBytes: number;
  readonly #jsonLimits: JsonLimits;

  /** @throws {TypeError} for keys that do not fit the profile. */
  constructor(description: ProfileDescription, keys: readonly Buffer[], options: ReceiverOptions = {}) {
    this.#description = description;
    this.#profile = description.create(keys, options);
    const { counter, carriesTime, authenticates = true } = description;
    this.#replayCache = authenticates ? options.replayCache : undefined;
    this.#timeOf = carriesTime || counter || !authenticates ? undefined : options.timeOf;
    this.#windows = options.windows;
    this.#senderOf = options.senderOf;
    this.#ttl = options.ttl ?? DEFAULT_TTL_SECONDS;
    this.#maxSkew = options.maxSkew ?? DEFAULT_MAX_SKEW_SECONDS;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#jsonLimits = { ...DEFAULT_JSON_LIMITS, maxBytes: this.#maxBytes };
  }

  /**
   * @param message bytes off the wire; text profiles take a string as well.
   * @throws {Rejection} SIZE, FORMAT, AUTH, STALE, REPLAY, RATE, SCHEMA or RANGE.
   */
  receive(message: unknown, context: ReceiveContext): ReceivedMessage {
    const { counter, authenticates: authenticated = true } = this.#description;
    const opened = this.#profile.open(this.#bytesOf(message), context);
    if (counter) return this.#admitByCounter(opened, authenticated, context.record);
    if (this.#timeOf) {
      return { payload: this.#admitByPayload(opened, this.#timeOf, context.now), authenticated };
    }
    this.#replayCache?.admit(opened.replayId, opened.issuedAt, context.now);
    return { payload: this.#parse(opened), authenticated };
  }

  #parse({ plaintext }: OpenedMessage): JsonObject {
    return parseJsonObject(plaintext, this.#jsonLimits);
  }

  #admitByCounter(opened: OpenedMessage, authenticated: boolean, record: RecordMark | undefined): ReceivedMessage {
    const { sender } = opened;
    if (sender) {
      // Later stages and their files count in 64-bit floats; and such a counter would leave the device no other.
      if (sender.counter > MAX_COUNTER) throw new Rejection("RANGE", "the counter is beyond 2^53 - 1");
      this.#windows?.admit(sender, record);
      return { payload: this.#parse(opened), authenticated, sender };
    }
    const payload = this.#parse(opened);
    if (!this.#senderOf) return { payload, authenticated };
    const { device, epoch } = this.#senderOf(payload, opened.keyIndex);
    const numbered = { device, epoch, counter: sequenceOf(payload) };
    this.#windows?.admit(numbered, record);
    return { payload, authenticated, sender: numbered };
  }

  #admitByPayload(opened: OpenedMessage, timeOf: (payload: JsonObject) => number, now: number): JsonObject {
    const payload = this.#parse(opened);
    const issuedAt = timeOf(payload);
    if (now - issuedAt > this.#ttl * SECOND_MS)
      throw new Rejection("STALE", `the message is older than ${this.#ttl} s`);
    if (issuedAt - now > this.#maxSkew * SECOND_MS) {
      throw new Rejection("STALE", `the message is more than ${this.#maxSkew} s ahead`);
    }
    this.#replayCache?.admit(opened.replayId, issuedAt, now);
    return payload;
  }

  #bytesOf(message: unknown): Buffer {
    if (Buffer.isBuffer(message)) return message;
    if (typeof message !== "string") {
      throw new Rejection("FORMAT", "the message is neither a Buffer nor a string");
    }
    if (this.#description.encoding === "binary") {
      throw new Rejection("FORMAT", `${this.#description.name} messages are bytes: a Buffer, not a string`);
    }
    // Before the copy into bytes; a string never has more characters than UTF-8 bytes.
    if (message.length > this.#maxBytes) {
      throw new Rejection("SIZE", `${message.length} characters exceed the limit of ${this.#maxBytes}`);
    }
    return Buffer.from(message);
  }
}
