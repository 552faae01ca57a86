import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import type { DeviceReplays } from "./device-replays.js";
import type { ProfileDescription, ProfileOptions } from "./profile.js";
import { type CounterMemory, EnvelopeReceiver, type ReceiveContext, type ReceivedMessage } from "./receiver.js";
import { envelopeProfile } from "./registry.js";

export interface DeviceReceiversOptions extends ProfileOptions {
  /** The keys of one device for one profile and key epoch; the first one is the current one. */
  keysOf: (profile: string, device: string, epoch: number) => Buffer[];
  /** The key epochs of a device that are good now, the present one first; without it epoch 1. */
  epochsOf?: (device: string, now: number) => readonly number[];
  /** Without it copies of a message are accepted, in profiles without a counter. */
  replays?: DeviceReplays;
  /** Without it copies of a message are accepted, in profiles with a counter. */
  windows?: CounterMemory;
  /** Whether profiles that prove nothing are opened at all; default no. */
  allowUnauthenticated?: boolean;
  /** See {@link EnvelopeReceiver}. */
  timeOf?: (payload: JsonObject) => number;
  /** Receivers kept at once, the most recently used; default 20,000. */
  capacity?: number;
}

/**
 * As many devices as a registry can list, twice: with fewer, a larger fleet that sends in turn would have a device's keys
 * derived for each of its messages.
 */
const DEFAULT_CAPACITY = 20_000;

const FIRST_EPOCH: readonly number[] = [1];

/**
 * One {@link EnvelopeReceiver} per device and key epoch, each with that device's own keys, made when its first message comes. Least
 * recently used ones are dropped; what they received stays known in `replays`, which is not part of them.
 */
export class DeviceReceivers {
  readonly #options: DeviceReceiversOptions;
  readonly #capacity: number;
  readonly #receivers = new Map<string, EnvelopeReceiver>();

  constructor(options: DeviceReceiversOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? DEFAULT_CAPACITY;
  }

  /** Receivers held at this moment. */
  get size(): number {
    return this.#receivers.size;
  }

  /**
   * Opens a message with the keys of `device`. The topic of the context is bound where the profile can.
   *
   * @param device a registered device: names from messages would make receivers.
   * @throws {Rejection} EPOCH for a message that names an epoch which is not good (any more), AUTH where the profile
   *   proves nothing and that is not allowed, otherwise see {@link EnvelopeReceiver.receive}; {Error} for an unknown
   *   profile.
   */
  receive(profile: string, device: string, message: unknown, context: ReceiveContext): ReceivedMessage {
    const description = envelopeProfile(profile);
    if (description.authenticates === false && !this.#options.allowUnauthenticated) {
      throw new Rejection("AUTH", `${profile} messages prove nothing, and are not allowed`);
    }
    const good = this.#options.epochsOf?.(device, context.now) ?? FIRST_EPOCH;
    const named = Buffer.isBuffer(message) ? description.epochOf?.(message) : undefined;
    if (named !== undefined && !good.includes(named)) {
      throw new Rejection("EPOCH", "the message names a key that is not good, or not any more");
    }
    return this.#receiverOf(description, device, named === undefined ? good : [named]).receive(message, context);
  }

  #receiverOf(description: ProfileDescription, device: string, epochs: readonly number[]): EnvelopeReceiver {
    const name = `${description.name}/${device}/${epochs.join("+")}`;
    const known = this.#receivers.get(name);
    if (known) {
      // To the end of the Map's order: the first one is the least recently used.
      this.#receivers.delete(name);
      this.#receivers.set(name, known);
      return known;
    }
    const { keysOf, replays, capacity: _, epochsOf: __, allowUnauthenticated: ___, ...options } = this.#options;
    const keys = epochs.flatMap((epoch) => keysOf(description.name, device, epoch).map((key) => ({ key, epoch })));
    const receiver = new EnvelopeReceiver(
      description,
      keys.map(({ key }) => key),
      {
        ...options,
        ...(replays && { replayCache: replays.of(device) }),
        // The key that opened a message says of which epoch it is.
        senderOf: (_payload, keyIndex) => ({ device, epoch: (keys[keyIndex] as { epoch: number }).epoch }),
      },
    );
    if (this.#receivers.size >= this.#capacity) {
      for (const oldest of this.#receivers.keys()) {
        this.#receivers.delete(oldest);
        break;
      }
    }
    this.#receivers.set(name, receiver);
    return receiver;
  }
}
