import { randomBytes } from "node:crypto";
import { isIdentifier } from "../common/identifier.js";
import { Rejection } from "../common/rejection.js";
import {
  type CoseSession,
  coseNonce,
  coseSession,
  DEVICE_KEY_BYTES,
  decryptA128Gcm,
  encryptA128Gcm,
} from "./cose-keys.js";
import {
  BOOT_ID_BYTES,
  type CoseMessage,
  coseKid,
  encStructure,
  formatCoseMessage,
  namedEpoch,
  PROTECTED_HEADER,
  parseCoseMessage,
} from "./cose-message.js";
import type {
  EnvelopeProfile,
  OpenContext,
  OpenedMessage,
  ProfileDescription,
  ProfileOptions,
  SealContext,
} from "./profile.js";

/** The format is for a reading of a small device. */
const MAX_MESSAGE_BYTES = 2048;
/** Derived keys that are remembered: one device has one boot at a time, and a rotation two epochs. */
const MAX_SESSIONS = 16;
const FIRST_EPOCH = 1;
const MAX_COUNTER = 2n ** 64n - 1n;

/** What a topic binds a message to. */
interface Binding {
  topic: string;
  device: string;
  /** Authenticated with the message: its two last levels, `<device>/<stream>`, wherever the prefix leads. */
  aad: Buffer;
}

function bindingOf(topic: string): Binding {
  const levels = topic.split("/").slice(-2);
  if (levels.length < 2) throw new Rejection("TOPIC_MISMATCH", "the topic does not end in device/stream");
  return { topic, device: levels[0] as string, aad: encStructure(PROTECTED_HEADER, Buffer.from(levels.join("/"))) };
}

/**
 * COSE_Encrypt0 (RFC 9052 section 5.2) with AES-128-GCM: one key per device, the message counter as partial IV, a
 * random boot id as kid context, bound to the two last levels of the topic.
 *
 * Whether a counter was seen before is for the receiver to judge, after authentication: {@link OpenedMessage.sender}.
 */
class CoseProfile implements EnvelopeProfile {
  readonly name = "cose-a128gcm";
  readonly #keys: readonly Buffer[];
  readonly #maxBytes: number;
  readonly #sessions = new Map<string, CoseSession>();
  readonly #bootId = randomBytes(BOOT_ID_BYTES);
  #counter = 0n;
  /** Of the last message: a device sends on one topic, and from one boot. */
  #binding: Binding | undefined;
  #last: { keyIndex: number; kid: Buffer; bootId: Buffer; session: CoseSession } | undefined;

  constructor(keys: readonly Buffer[], options: ProfileOptions) {
    if (keys.length === 0) throw new TypeError("the cose-a128gcm profile needs at least one key");
    for (const key of keys) {
      if (key.length !== DEVICE_KEY_BYTES) throw new TypeError(`a device key has ${DEVICE_KEY_BYTES} bytes`);
    }
    this.#keys = keys.map((key) => Buffer.from(key));
    this.#maxBytes = Math.min(options.maxBytes ?? MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES);
  }

  /** @throws {TypeError} for a counter, epoch or boot id that does not fit; see also {@link EnvelopeProfile.seal}. */
  seal(plaintext: Buffer, context: SealContext): Buffer {
    const { device, aad } = this.#bound(context.topic);
    if (!isIdentifier(device)) throw new Rejection("TOPIC_MISMATCH", "the topic's last level but one names no device");
    const { epoch = FIRST_EPOCH, bootId = this.#bootId } = context;
    if (bootId.length !== BOOT_ID_BYTES) throw new TypeError(`a boot id has ${BOOT_ID_BYTES} bytes`);
    // Counting from 1 again under a boot id that was used before would repeat a nonce.
    if (context.bootId && context.counter === undefined) throw new TypeError("a boot id needs a counter with it");
    const counter = context.counter ?? ++this.#counter;
    if (counter < 0n || counter > MAX_COUNTER) throw new TypeError("a counter is 0 to 2^64 - 1");
    const kid = coseKid(device, epoch);
    const { key, iv } = this.#session(0, kid, bootId) ?? this.#derive(0, kid, epoch, bootId);
    const ciphertext = encryptA128Gcm(key, coseNonce(iv, counter), aad, plaintext);
    const message = formatCoseMessage({ kid, counter, bootId, ciphertext });
    if (message.length > this.#maxBytes) throw this.#tooLarge(message.length);
    return message;
  }

  open(message: Buffer, context: OpenContext): OpenedMessage {
    if (message.length > this.#maxBytes) throw this.#tooLarge(message.length);
    const parsed = parseCoseMessage(message);
    const { device, aad } = this.#bound(context.topic);
    if (device !== parsed.device) {
      throw new Rejection("TOPIC_MISMATCH", "the message names another device than its topic");
    }
    for (const keyIndex of this.#keys.keys()) {
      const plaintext = this.#decrypt(keyIndex, parsed, aad);
      if (!plaintext) continue;
      const { epoch, counter } = parsed;
      return { plaintext, keyIndex, replayId: `${device}:${epoch}#${counter}`, sender: { device, epoch, counter } };
    }
    throw new Rejection("AUTH", "no key of the device authenticates the message");
  }

  #bound(topic: string | Buffer | undefined): Binding {
    if (topic === undefined) {
      throw new Rejection("TOPIC_MISMATCH", "the message is bound to its topic, and none is given");
    }
    const text = topic.toString();
    if (this.#binding?.topic !== text) this.#binding = bindingOf(text);
    return this.#binding;
  }

  #decrypt(
    keyIndex: number,
    { kid, epoch, bootId, counter, ciphertext }: CoseMessage,
    aad: Buffer,
  ): Buffer | undefined {
    const known = this.#session(keyIndex, kid, bootId);
    const session = known ?? coseSession(this.#keys[keyIndex] as Buffer, kid, epoch, bootId);
    const plaintext = decryptA128Gcm(session.key, coseNonce(session.iv, counter), aad, ciphertext);
    // Only what has proved itself is remembered: forged boot ids must not push out real ones.
    if (plaintext && !known) this.#remember(keyIndex, kid, bootId, session);
    return plaintext;
  }

  #session(keyIndex: number, kid: Buffer, bootId: Buffer): CoseSession | undefined {
    const last = this.#last;
    if (last?.keyIndex === keyIndex && last.bootId.equals(bootId) && last.kid.equals(kid)) return last.session;
    const session = this.#sessions.get(sessionName(keyIndex, kid, bootId));
    if (session) this.#last = { keyIndex, kid: Buffer.from(kid), bootId: Buffer.from(bootId), session };
    return session;
  }

  #derive(keyIndex: number, kid: Buffer, epoch: number, bootId: Buffer): CoseSession {
    const session = coseSession(this.#keys[keyIndex] as Buffer, kid, epoch, bootId);
    this.#remember(keyIndex, kid, bootId, session);
    return session;
  }

  #remember(keyIndex: number, kid: Buffer, bootId: Buffer, session: CoseSession): void {
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value as string);
    this.#sessions.set(sessionName(keyIndex, kid, bootId), session);
  }

  #tooLarge(size: number): Rejection {
    return new Rejection("SIZE", `${size} bytes exceed the limit of ${this.#maxBytes}`);
  }
}

function sessionName(keyIndex: number, kid: Buffer, bootId: Buffer): string {
  return `${keyIndex}/${kid.toString("latin1")}/${bootId.toString("latin1")}`;
}

function epochOf(message: Buffer): number | undefined {
  if (message.length > MAX_MESSAGE_BYTES) return undefined;
  try {
    return namedEpoch(message);
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

export const coseA128Gcm: ProfileDescription = {
  name: "cose-a128gcm",
  keyFamilies: ["aes-256"],
  encoding: "binary",
  bindsTopic: true,
  mustBindTopic: true,
  carriesTime: false,
  counter: "envelope",
  epochOf,
  jsonOnly: true,
  create: (keys, options = {}) => new CoseProfile(keys, options),
};
