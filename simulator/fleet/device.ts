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

function between([low, high]: readonly [number, number], random: SeededRandom): number {
  return low + random.uniform() * (high - low);
}

function device(id: string, index: number, random: SeededRandom): FleetDevice {
  return {
    id,
    profile: index % FERNET_EVERY === FERNET_EVERY - 1 ? "fernet" : "aes-gcm-json",
    topic: topicOf(id),
    levelC: between(LEVELS_C, random),
    dayAmplitudeK: between(DAY_AMPLITUDE_K, random),
    seed: random.uint32(),
  };
}

/** The honest devices; equal options give equal devices, and more devices do not change the first ones. */
export function makeFleet({ devices, seed, prefix = "" }: FleetOptions): FleetDevice[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: devices }, (_, index) => {
    const name = KINDS[index % KINDS.length] as (typeof KINDS)[number];
    return device(`${prefix}${name(1 + Math.floor(index / KINDS.length))}`, index, random);
  });
}

/** Devices that attackers have taken over: like the fleet's until their scenario begins. */
export function makeCompromised(count: number, seed: number, prefix = ""): FleetDevice[] {
  const random = new SeededRandom(seed ^ 0x5eed_bad1);
  return Array.from({ length: count }, (_, index) =>
    device(`${prefix}field-unit-${String(index + 1).padStart(2, "0")}`, index, random),
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
