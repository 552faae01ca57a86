import { SeededRandom } from "../../lib/common/seeded-random.js";
import { topicOf } from "../../lib/registry/topics.js";
import { type Climate, RoomClimate } from "./climate.js";

/** Envelope profiles that the fleet uses. */
export type FleetProfile = "aes-gcm-json" | "fernet";

export interface FleetDevice {
  /** Device id, user name and client id. */
  id: string;
  profile: FleetProfile;
  /** The only topic that it publishes on. */
  topic: string;
  /** Mean temperature of its room, degrees Celsius. */
  levelC: number;
  dayAmplitudeK: number;
  /** Seed of its climate and its timing. */
  seed: number;
}

export interface FleetOptions {
  /** Number of devices. */
  devices: number;
  seed: number;
  /** Put before every name; default none. */
  prefix?: string;
}

/** Rooms differ: the lowest and the highest mean temperature, degrees Celsius. */
const LEVELS_C = [22, 33] as const;
const DAY_AMPLITUDE_K = [0.2, 0.8] as const;
/** One of this many devices speaks Fernet, the others AES-GCM. */
const FERNET_EVERY = 4;

const KINDS = [
  (n: number) => `sensor-temp-${String(n).padStart(2, "0")}`,
  (n: number) => `sensor-hum-${String(n).padStart(2, "0")}`,
  (n: number) => `esp32-gateway-${n}`,
];

/** Multiples of it spread evenly over 0..1, however many there are (Weyl's sequence). */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

function spread(index: number, offset: number): number {
  return (offset + index * GOLDEN_RATIO) % 1;
}

function between([low, high]: readonly [number, number], share: number): number {
  return low + share * (high - low);
}

/** Where the rooms of devices with this prefix begin, 0..1: another site has other rooms. */
function siteOf(prefix: string): number {
  let hash = 0;
  for (const character of prefix) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return (hash / 2 ** 32 + 0.5) % 1;
}

function device(id: string, index: number, site: number, random: SeededRandom): FleetDevice {
  return {
    id,
    profile: index % FERNET_EVERY === FERNET_EVERY - 1 ? "fernet" : "aes-gcm-json",
    topic: topicOf(id),
    levelC: between(LEVELS_C, spread(index, site)),
    dayAmplitudeK: between(DAY_AMPLITUDE_K, spread(2 * index, site)),
    seed: random.uint32(),
  };
}

/**
 * The honest devices. A device's room follows from its name alone: it is the same in every run, as real rooms are; the
 * seed decides about noise and timing. More devices do not change the first ones.
 */
export function makeFleet({ devices, seed, prefix = "" }: FleetOptions): FleetDevice[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: devices }, (_, index) => {
    const name = KINDS[index % KINDS.length] as (typeof KINDS)[number];
    return device(`${prefix}${name(1 + Math.floor(index / KINDS.length))}`, index, siteOf(prefix), random);
  });
}

/** Naming of the devices that attackers hold. */
export interface HeldNames {
  /** Put before every name; default none. */
  prefix?: string;
  /** Tells runs apart: what a monitor has learned of a device that was attacked must not help, or hurt, the next run. */
  run: string;
}

/** Devices that attackers have taken over: like the fleet's until their scenario begins. */
export function makeCompromised(count: number, seed: number, { prefix = "", run }: HeldNames): FleetDevice[] {
  const random = new SeededRandom(seed ^ 0x5eed_bad1);
  const offset = random.uniform();
  return Array.from({ length: count }, (_, index) =>
    device(`${prefix}field-unit-${run}-${String(index + 1).padStart(2, "0")}`, index, offset, random),
  );
}

/** What a device puts into its envelope. */
export interface DevicePayload {
  device_id: string;
  timestamp: string;
  sequence_no: number;
  temperature: number;
  humidity: number;
  message_rate: number;
}

/** A device's counter counts milliseconds from here at its start, and messages from then on: it outlives restarts. */
const COUNTER_EPOCH_MS = Date.UTC(2025, 0, 1);

/** A device's memory: its room, its message counter and its timing. */
export class DeviceState {
  private readonly climate: RoomClimate;
  private readonly timing: SeededRandom;
  private sequence: number | undefined;

  /** @param rateHz readings a second. */
  constructor(
    readonly device: FleetDevice,
    private readonly rateHz: number,
  ) {
    this.climate = new RoomClimate(device, new SeededRandom(device.seed));
    this.timing = new SeededRandom(device.seed ^ 0x0c10_c4);
  }

  /** Milliseconds until the first reading: devices do not start in step. */
  firstDelayMs(): number {
    return (1000 / this.rateHz) * this.timing.uniform();
  }

  /** Milliseconds to the next reading: the period with up to 10 % of jitter. */
  nextDelayMs(): number {
    return (1000 / this.rateHz) * (0.9 + 0.2 * this.timing.uniform());
  }

  /** See {@link RoomClimate.read}. */
  read(atMs: number, driftK = 0): Climate {
    return this.climate.read(atMs, driftK);
  }

  /** Temperature of its room without noise, degrees Celsius. */
  trueC(atMs: number): number {
    return this.climate.trueC(atMs);
  }

  /**
   * A payload with the device's next counter.
   *
   * @param reportedRate what the sender says its message rate is.
   */
  payload(atMs: number, climate: Climate, reportedRate = Math.max(1, Math.round(this.rateHz))): DevicePayload {
    this.sequence = this.sequence === undefined ? atMs - COUNTER_EPOCH_MS : this.sequence + 1;
    return {
      device_id: this.device.id,
      timestamp: new Date(atMs).toISOString(),
      sequence_no: this.sequence,
      ...climate,
      message_rate: reportedRate,
    };
  }
}
