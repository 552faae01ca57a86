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

/** Whole seconds, as Fernet counts: a token of the second in which the receiver started is not before it. */
const SECOND_MS = 1000;

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

export interface ReceivedMessage extends OpenedMessage {
  payload: JsonObject;
}

/** What a receiver asks whether a message came before; {@link ReplayCache.admit}. */
export type ReplayMemory = Pick<ReplayCache, "admit">;

export interface ReceiverOptions extends ProfileOptions {
  /** Without it copies of a message are accepted. */
  replayCache?: ReplayMemory;
  /**
   * When a message was sealed, read from its authenticated payload in milliseconds since the Unix epoch; throws a
   * Rejection where there is none. Only asked where the profile carries no time: TTL, skew and the start of the
   * replay cache then hold for it as well.
   */
  timeOf?: (payload: JsonObject) => number;
}

/** The receiving end of an envelope: size, form, authenticity, freshness, replay, JSON, in this order. */
export class EnvelopeReceiver {
  readonly #description: ProfileDescription;
  readonly #profile: EnvelopeProfile;
  readonly #replayCache: ReplayMemory | undefined;
  readonly #timeOf: ((payload: JsonObject) => number) | undefined;
  readonly #ttl: number;
  readonly #maxSkew: number;
  readonly #maxBytes: number;
  readonly #jsonLimits: JsonLimits;

  /** @throws {TypeError} for keys that do not fit the profile. */
  constructor(description: ProfileDescription, keys: readonly Buffer[], options: ReceiverOptions = {}) {
    this.#description = description;
    this.#profile = description.create(keys, options);
    this.#replayCache = options.replayCache;
    this.#timeOf = description.carriesTime ? undefined : options.timeOf;
    this.#ttl = options.ttl ?? DEFAULT_TTL_SECONDS;
    this.#maxSkew = options.maxSkew ?? DEFAULT_MAX_SKEW_SECONDS;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#jsonLimits = { ...DEFAULT_JSON_LIMITS, maxBytes: this.#maxBytes };
  }

  /**
   * @param message bytes off the wire; text profiles take a string as well.
   * @throws {Rejection} SIZE, FORMAT, AUTH, STALE, REPLAY, RATE, SCHEMA or RANGE.
   */
  receive(message: unknown, context: OpenContext): ReceivedMessage {
    const opened = this.#profile.open(this.#bytesOf(message), context);
    if (this.#timeOf) return this.#admitByPayload(opened, this.#timeOf, context.now);
    this.#replayCache?.admit(opened.replayId, opened.issuedAt, context.now);
    return { ...opened, payload: parseJsonObject(opened.plaintext, this.#jsonLimits) };
  }

  #admitByPayload(opened: OpenedMessage, timeOf: (payload: JsonObject) => number, now: number): ReceivedMessage {
    const payload = parseJsonObject(opened.plaintext, this.#jsonLimits);
    const issuedAt = timeOf(payload);
    if (now - issuedAt > this.#ttl * SECOND_MS)
      throw new Rejection("STALE", `the message is older than ${this.#ttl} s`);
    if (issuedAt - now > this.#maxSkew * SECOND_MS) {
      throw new Rejection("STALE", `the message is more than ${this.#maxSkew} s ahead`);
    }
    this.#replayCache?.admit(opened.replayId, issuedAt, now);
    return { ...opened, issuedAt, payload };
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
