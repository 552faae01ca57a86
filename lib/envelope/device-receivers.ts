import type { JsonObject } from "../common/json.js";
import type { DeviceReplays } from "./device-replays.js";
import type { OpenContext, ProfileOptions } from "./profile.js";
import { EnvelopeReceiver, type ReceivedMessage } from "./receiver.js";
import { envelopeProfile } from "./registry.js";

export interface DeviceReceiversOptions extends ProfileOptions {
  /** The keys of one device for one profile; the first one is the current one. */
  keysOf: (profile: string, device: string) => Buffer[];
  /** Without it copies of a message are accepted. */
  replays?: DeviceReplays;
  /** See {@link EnvelopeReceiver}. */
  timeOf?: (payload: JsonObject) => number;
  /** Receivers kept at once, the most recently used; default 1024. */
  capacity?: number;
}

const DEFAULT_CAPACITY = 1024;

/**
 * One {@link EnvelopeReceiver} per device, each with that device's own keys, made when its first message comes. Least
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
   * @throws {Rejection} see {@link EnvelopeReceiver.receive}; {Error} for an unknown profile.
   */
  receive(profile: string, device: string, message: unknown, context: OpenContext): ReceivedMessage {
    return this.#receiverOf(profile, device).receive(message, context);
  }

  #receiverOf(profile: string, device: string): EnvelopeReceiver {
    const name = `${profile}/${device}`;
    const known = this.#receivers.get(name);
    if (known) {
      // To the end of the Map's order: the first one is the least recently used.
      this.#receivers.delete(name);
      this.#receivers.set(name, known);
      return known;
    }
    const { keysOf, replays, capacity: _, ...options } = this.#options;
    const receiver = new EnvelopeReceiver(envelopeProfile(profile), keysOf(profile, device), {
      ...options,
      ...(replays && { replayCache: replays.of(device) }),
    });
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
