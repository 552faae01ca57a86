import { isIdentifier } from "../common/identifier.js";
import { DEFAULT_JSON_LIMITS, type JsonObject, parseJsonObject } from "../common/json.js";
import type { DeviceInfo, Reading } from "../common/message.js";
import { Rejection } from "../common/rejection.js";
import type { ReceptionInfo } from "../common/security.js";
import { nameOf, normaliseReading } from "./reading.js";
import { noteClaim, receptionOf } from "./reception.js";

/** What the verifier needs to know of a listed device. */
export interface KnownDevice {
  readonly id: string;
  /** An envelope profile, or `plain-json` for a device without a key. */
  readonly profile: string;
}

export interface VerifierOptions {
  /** The registry. */
  devices: {
    deviceOfTopic(topic: string): KnownDevice | undefined;
    get(id: string): KnownDevice | undefined;
  };
  /**
   * Authenticates and opens a message of a device that has a key, with freshness and replays.
   *
   * @throws {Rejection}
   */
  open: (device: KnownDevice, message: Buffer | string, context: { now: number; topic: string }) => JsonObject;
  /** Largest message in bytes; default 8192. */
  maxBytes?: number;
  /** What becomes of messages on topics that no device has: refused, or taken as unproved plain JSON. */
  unlisted?: "reject" | "accept";
}

/** The outcome for one message; `received` is there either way. */
export type Verification =
  | { received: ReceptionInfo; device: DeviceInfo; reading: Reading }
  | { received: ReceptionInfo; rejection: Rejection };

export const DEFAULT_VERIFY_BYTES = 8192;
export const PLAIN_PROFILE = "plain-json";

/**
 * Decides who sent a message, and whether it may be believed: size, topic to device, envelope with that device's own
 * key, JSON, the name it gives itself, form of the reading, in this order. Keeps no state of its own.
 */
export class MessageVerifier {
  readonly #options: VerifierOptions;
  readonly #maxBytes: number;

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? DEFAULT_VERIFY_BYTES;
  }

  /**
   * @param message Buffer or string off the wire; anything else is refused (FORMAT).
   * @param topic the MQTT topic.
   * @param now receiver's clock, milliseconds since the Unix epoch.
   * @throws nothing that a message can cause; what `open` throws besides a Rejection is passed on.
   */
  verify(message: unknown, topic: unknown, now: number): Verification {
    const received = receptionOf(bytesOf(message), topic, now);
    try {
      return { received, ...this.#check(message, topic, now, received) };
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
  ): { device: DeviceInfo; reading: Reading } {
    const owner = typeof topic === "string" ? this.#options.devices.deviceOfTopic(topic) : undefined;
    if (owner) received.topicDevice = owner.id;
    if (typeof message !== "string" && !Buffer.isBuffer(message)) {
      throw new Rejection("FORMAT", "the message is neither a Buffer nor a string");
    }
    if (received.size > this.#maxBytes) {
      throw new Rejection("SIZE", `${received.size} bytes exceed the limit of ${this.#maxBytes}`);
    }
    const plain = this.#plainObject(message);
    if (plain) noteClaim(received, nameOf(plain) ?? "");
    if (typeof topic !== "string") throw new Rejection("TOPIC_MISMATCH", "the message has no topic");

    if (!owner) return this.#unlisted(message, now);
    const isAuthenticated = owner.profile !== PLAIN_PROFILE;
    const payload = isAuthenticated ? this.#options.open(owner, message, { now, topic }) : this.#parse(message);
    noteClaim(received, nameOf(payload) ?? "");
    const reading = normaliseReading(payload);
    if (reading.device_id !== undefined && reading.device_id !== owner.id) {
      throw new Rejection("TOPIC_MISMATCH", "the message names another device than the one whose topic it is");
    }
    reading.device_id = owner.id;
    const device = { id: owner.id, authenticated: isAuthenticated, profile: owner.profile, receivedAt: now };
    return { device, reading };
  }

  /** A message on a topic that no device has. Its name is a claim, but never the name of a listed device. */
  #unlisted(message: Buffer | string, now: number): { device: DeviceInfo; reading: Reading } {
    if (this.#options.unlisted !== "accept") {
      throw new Rejection("UNKNOWN_DEVICE", "no device of the registry has this topic");
    }
    const reading = normaliseReading(this.#parse(message));
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

  /** The message as plain JSON if it is that: also what cannot be opened may name itself. */
  #plainObject(message: Buffer | string): JsonObject | undefined {
    if (!mayBeObject(message)) return undefined;
    try {
      return this.#parse(message);
    } catch (error) {
      if (error instanceof Rejection) return undefined;
      throw error;
    }
  }
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
