import type { KeyFamily } from "./key-family.js";

export interface SealContext {
  /** Sender's clock, milliseconds since the Unix epoch. */
  now: number;
  /** Bound as additional authenticated data where the profile can and it is given; a string counts as UTF-8. */
  topic?: string | Buffer;
  /** Fixed initialisation vector: for conformance vectors only, since reuse with one key breaks confidentiality. */
  iv?: Buffer;
  /** Key epoch, for profiles that have one; default 1. */
  epoch?: number;
  /** Message counter, for profiles that have one; default counts up from 1 under a boot id of its own. */
  counter?: bigint;
  /** 8 bytes for profiles that have a boot id; default random, once per process. Never one counter twice under one. */
  bootId?: Buffer;
}

export interface OpenContext {
  /** Receiver's clock, milliseconds since the Unix epoch. */
  now: number;
  /** Must equal the topic at sealing where the profile binds it. */
  topic?: string | Buffer;
}

/** An authenticated and decrypted message. */
export interface OpenedMessage {
  plaintext: Buffer;
  /** Which of the profile's keys opened it; 0 is the primary one. */
  keyIndex: number;
  /** Time of sealing in milliseconds since the Unix epoch, for profiles that carry one. */
  issuedAt?: number;
  /** Equal for every copy of this message, and for no other message under the same key. */
  replayId: string;
  /** For profiles that name the sender in the envelope: proved by the authentication. */
  sender?: { device: string; epoch: number; counter: bigint };
}

/** One way of wrapping bytes, with its keys: the first key seals, every key may open. */
export interface EnvelopeProfile {
  readonly name: string;
  /** @throws {Rejection} SIZE when the sealed message would exceed `maxBytes`. */
  seal(plaintext: Buffer, context: SealContext): Buffer | string;
  /**
   * Authenticates, then decrypts.
   *
   * @throws {Rejection} SIZE, FORMAT, AUTH or STALE.
   */
  open(message: Buffer, context: OpenContext): OpenedMessage;
}

export interface ProfileOptions {
  /** Seconds after which a message is STALE; default 60. Only for profiles that carry a time. */
  ttl?: number;
  /** Seconds by which a sender's clock may be ahead; default 60. Only for profiles that carry a time. */
  maxSkew?: number;
  /** Largest sealed message in bytes; default 65,536. */
  maxBytes?: number;
}

/** What the registry knows about a profile before there are keys. */
export interface ProfileDescription {
  readonly name: string;
  /** Families of keys that fit, see {@link KeyFamily}. */
  readonly keyFamilies: readonly KeyFamily[];
  /** Whether sealed messages are text (a string) or raw bytes. */
  readonly encoding: "text" | "binary";
  /** Whether a topic can be bound as additional authenticated data. */
  readonly bindsTopic: boolean;
  /** `true` where it always is. */
  readonly mustBindTopic?: true;
  /** Whether the message says when it was sealed, so that TTL and skew apply. */
  readonly carriesTime: boolean;
  /** Whether what is sealed must be a JSON object. */
  readonly jsonOnly: boolean;
  /** Where a number is that no two messages of a device have in common: in the envelope, or in the JSON it carries. */
  readonly counter?: "envelope" | "payload";
  /**
   * The key epoch that a message names before anything is proved, for profiles that have one; undefined for what cannot
   * be read.
   */
  readonly epochOf?: (message: Buffer) => number | undefined;
  /** `false` where a message proves nothing about its sender; absent means true. */
  readonly authenticates?: false;
  /** `true` where only opening is offered. */
  readonly receiveOnly?: true;
  /**
   * @param keys raw keys; the first one seals.
   * @throws {TypeError} for no key or a key of the wrong length.
   */
  create(keys: readonly Buffer[], options?: ProfileOptions): EnvelopeProfile;
}

export const DEFAULT_TTL_SECONDS = 60;
export const DEFAULT_MAX_SKEW_SECONDS = 60;
export const DEFAULT_MAX_BYTES = 65_536;
