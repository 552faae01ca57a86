import type { GatewayAttackName } from "../attack-names.js";
import type { HonestCounts } from "../truth.js";
import type { LostTrust } from "./trust-record.js";

/** One attack as it was carried out. */
export interface AttackLine {
  attack: GatewayAttackName;
  /** Messages that the broker took. */
  messages: number;
  /** Requests to the server. */
  requests: number;
  /** Forged records, from whatever attack, that reached the server's store while this one ran. */
  forgedAccepted: number;
  durationSec: number;
  note?: string;
}

export interface DevicesRecord {
  seed: number;
  devices: number;
  durationSec: number;
  honest: HonestCounts & { lost: number };
  attacks: AttackLine[];
  /** Records in the server's store that no honest device has sent. */
  forgedAccepted: number;
  /** Requests to the server that it answered as if they were good. */
  requestsAccepted: number;
  /** Copies of messages that passed the gateway. */
  replaysAccepted: number;
  /** Losses of trust of honest devices, but for those that their own readings or silence explain. */
  framed: LostTrust[];
  /** Losses of trust that a device's own readings or its silence explain. */
  ownLosses: number;
  /** Honest devices of which nothing is accepted any more. */
  lockedOut: string[];
  commands: { opened: number; refused: number };
  /** What the gateway says it has refused, by code; absent where it was not asked or does not answer. */
  refusedByGateway?: Record<string, number>;
}

export interface DevicesTarget {
  name: string;
  target: string;
  value: string;
  ok: boolean;
}

export interface DevicesReport extends DevicesRecord {
  targets: DevicesTarget[];
  ok: boolean;
}

function zero(name: string, value: number, of?: number): DevicesTarget {
  return { name, target: "0", value: of === undefined ? String(value) : `${value} of ${of}`, ok: value === 0 };
}

/** Whether the gateway did what it promises, for what was tried. */
export function devicesReport(record: DevicesRecord): DevicesReport {
  const { honest, attacks } = record;
  const names = new Set(attacks.map(({ attack }) => attack));
  const sum = (wanted: (name: GatewayAttackName) => boolean) =>
    attacks.filter(({ attack }) => wanted(attack)).reduce((total, { messages }) => total + messages, 0);
  const isReplay = (name: GatewayAttackName) => name === "replay-from-1" || name === "duplicate";
  const targets: DevicesTarget[] = [
    zero("honest messages lost", honest.lost, honest.acknowledged),
    {
      name: "honest messages accepted",
      target: "> 0",
      value: `${honest.accepted} of ${honest.sent}`,
      ok: honest.accepted > 0,
    },
    zero("replays accepted", record.replaysAccepted, names.size > 0 ? sum(isReplay) : undefined),
  ];
  if (attacks.length > 0) {
    targets.push(
      zero(
        "forged accepted",
        record.forgedAccepted,
        sum((name) => !isReplay(name)),
      ),
    );
  }
  if (names.has("poisoned-batch")) {
    const requests = attacks.reduce((total, each) => total + each.requests, 0);
    targets.push(zero("poisoned batches accepted", record.requestsAccepted, requests));
  }
  if (attacks.length > 0) {
    targets.push(zero("trust lost by framing", record.framed.length));
    targets.push(zero("devices locked out", record.lockedOut.length, record.devices));
  }
  const { refusedByGateway } = record;
  if (attacks.length > 0 && refusedByGateway) {
    // Otherwise it would have been enough for the gateway not to listen.
    const sent = sum(() => true);
    const refused = Object.values(refusedByGateway).reduce((total, count) => total + count, 0);
    targets.push({
      name: "attack messages refused",
      target: `>= ${sent}`,
      value: String(refused),
      ok: refused >= sent,
    });
  }
  const idle = attacks.filter(({ messages, requests }) => messages + requests === 0);
  if (idle.length > 0) {
    const value = idle.map(({ attack, note }) => (note ? `${attack}: ${note}` : attack)).join("; ");
    targets.push({ name: "attacks carried out", target: "all", value: `not ${value}`, ok: false });
  }
  return { ...record, targets, ok: targets.every(({ ok }) => ok) };
}
