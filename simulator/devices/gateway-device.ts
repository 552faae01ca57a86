import { SeededRandom } from "../../lib/common/seeded-random.js";
import { topicOf } from "../../lib/registry/topics.js";

/** Envelope profiles that simulated devices speak: those with a counter. */
export const GATEWAY_PROFILES = ["cose-a128gcm", "hmac-json"] as const;
export type GatewayProfile = (typeof GATEWAY_PROFILES)[number];

/** Profiles of devices in tests besides: those that tell copies by the time. */
export type SimulatedProfile = GatewayProfile | "aes-gcm-json" | "fernet";

/**
 * `nested`: `{device_id, user_id, timestamp, sequence_number, sensors, system}`; `flat`: `{device_id, timestamp,
 * sequence_no, temperature, humidity, cpu_usage, battery_level}`.
 */
export const PAYLOAD_FORMS = ["nested", "flat"] as const;
export type PayloadForm = (typeof PAYLOAD_FORMS)[number];

/** A device that signs what it sends and can be commanded. */
export interface GatewayDevice {
  /** Device id, user name and MQTT client id. */
  id: string;
  profile: SimulatedProfile;
  form: PayloadForm;
  /** Measures the air, or movement. */
  kind: "environment" | "movement";
  /** Whether it knows the time; it says 0 otherwise. */
  hasClock: boolean;
  topic: string;
  commandTopic: string;
  /** Of its room, its noise and its timing. */
  seed: number;
}

export interface GatewayFleetOptions {
  devices: number;
  seed: number;
  prefix?: string;
  profiles?: readonly SimulatedProfile[];
  /** Both in turn unless given. */
  form?: PayloadForm;
}

/** Put before a name at most: with an attacker's suffix it must still fit into a COSE key identifier. */
export const MAX_PREFIX = 8;

const KINDS = ["esp32-env", "esp32-sec", "esp8266-env"] as const;

function device(id: string, index: number, seed: number, options: GatewayFleetOptions): GatewayDevice {
  const { profiles = GATEWAY_PROFILES, form } = options;
  const isMovement = id.includes("esp32-sec");
  return {
    id,
    profile: profiles[index % profiles.length] as SimulatedProfile,
    form: form ?? (PAYLOAD_FORMS[Math.floor(index / 2) % PAYLOAD_FORMS.length] as PayloadForm),
    kind: isMovement ? "movement" : "environment",
    hasClock: !isMovement,
    topic: topicOf(id),
    commandTopic: `iot/devices/${id}/cmd`,
    seed,
  };
}

/** The honest devices; equal options give equal devices, and more devices do not change the first ones. */
export function makeGatewayFleet(options: GatewayFleetOptions): GatewayDevice[] {
  const random = new SeededRandom(options.seed);
  return Array.from({ length: options.devices }, (_, index) => {
    const number = String(1 + Math.floor(index / KINDS.length)).padStart(2, "0");
    return device(`${options.prefix ?? ""}${KINDS[index % KINDS.length]}-${number}`, index, random.uint32(), options);
  });
}

/** One device of each profile that an attacker has taken over, with its key: it sends nothing honest. */
export function makeHeldDevices(options: GatewayFleetOptions): GatewayDevice[] {
  const { profiles = GATEWAY_PROFILES, prefix = "" } = options;
  return profiles.map((_, index) => device(`${prefix}held-unit-${index + 1}`, index, options.seed, options));
}
