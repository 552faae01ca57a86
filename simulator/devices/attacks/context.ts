import type { SeededRandom } from "../../../lib/common/seeded-random.js";
import type { OwnServer } from "../../common/http-exchange.js";
import type { Attacker } from "../attacker.js";
import type { DeviceCrypto } from "../device-crypto.js";
import type { GatewayDevice } from "../gateway-device.js";
import type { Recorder } from "../recorder.js";

/** A device that the attacker has taken over, with its valid key. */
export interface HeldDevice {
  device: GatewayDevice;
  crypto: DeviceCrypto;
  /** Number of its next message. */
  next: () => number;
}

/** The central server as an attacker reaches it. */
export interface BatchTarget {
  url: string;
  gatewayId: string;
  /** Of a gateway that was taken over; undefined where the attacker has none. */
  token?: string;
  /** How the server on this machine is recognised. */
  own?: OwnServer;
}

export interface GatewayAttackContext {
  attacker: Attacker;
  recorder: Recorder;
  /** Honest devices: their names and topics are no secret. */
  victims: readonly GatewayDevice[];
  held: readonly HeldDevice[];
  random: SeededRandom;
  /** Messages that the attack is to send, at least roughly. */
  messages: number;
  server?: BatchTarget;
}

/** What an attack did besides publishing. */
export interface AttackOutcome {
  /** Requests to the server. */
  requests?: number;
  /** Those that the server answered as if they were good. */
  accepted?: number;
  /** Why it could not be carried out, or not all of it. */
  note?: string;
}

export type GatewayAttack = (context: GatewayAttackContext) => Promise<AttackOutcome>;

/** Calls `act` in turn for each of `items` until `messages` were sent or the attack is stopped. */
export async function inTurn<T>(
  { attacker }: GatewayAttackContext,
  messages: number,
  items: readonly T[],
  act: (item: T, round: number) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < messages && items.length > 0 && !attacker.isStopped; i++) {
    await act(items[i % items.length] as T, Math.floor(i / items.length));
  }
}
