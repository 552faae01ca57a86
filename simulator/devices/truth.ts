/** A message of an honest device that the server has not confirmed yet. */
interface Sent {
  fingerprint: string;
  /** Milliseconds since the Unix epoch. */
  at: number;
  isAcknowledged: boolean;
}

/** What the server says it has received of a device. */
export interface StoredReading {
  device: string;
  epoch: number | null;
  counter: number | null;
  fingerprint: string;
  /** Gateway clock at reception, milliseconds since the Unix epoch. */
  receivedAt: number;
}

export type Judgement = "honest" | "forged" | "foreign";

class DeviceTruth {
  readonly waiting = new Map<number, Sent>();
  first: number | undefined;
  last = 0;
  /** When the latest of its messages was sent that the server has. */
  acceptedUpTo = 0;
}

export interface HonestCounts {
  sent: number;
  /** By the broker. */
  acknowledged: number;
  /** That the server has. */
  accepted: number;
}

export interface TruthOptions {
  /** Further names, that only attackers send under. */
  own?: ReadonlySet<string>;
  /** Start of the run, milliseconds since the Unix epoch. */
  begin?: number;
  /** Unconfirmed messages that are remembered of each device; all unless given. */
  keep?: number;
}

/**
 * What honest devices have really sent, kept away from the messages themselves. Confirmed messages are forgotten, so
 * that a long run needs little memory.
 */
export class GatewayTruth {
  readonly counts: HonestCounts = { sent: 0, acknowledged: 0, accepted: 0 };
  private readonly devices: ReadonlyMap<string, DeviceTruth>;

  private readonly own: ReadonlySet<string>;
  private readonly begin: number;
  private readonly keep: number;

  /** @param honest names of the honest devices. */
  constructor(honest: Iterable<string>, { own = new Set(), begin = Date.now(), keep = Infinity }: TruthOptions = {}) {
    this.devices = new Map([...honest].map((id) => [id, new DeviceTruth()]));
    this.own = own;
    this.begin = begin;
    this.keep = keep;
  }

  /** Takes down a message before it is sent. */
  sent(device: string, counter: number, fingerprint: string, at: number): void {
    const truth = this.of(device);
    truth.first ??= counter;
    truth.last = counter;
    truth.waiting.set(counter, { fingerprint, at, isAcknowledged: false });
    if (truth.waiting.size > this.keep) truth.waiting.delete(truth.waiting.keys().next().value as number);
    this.counts.sent++;
  }

  acknowledged(device: string, counter: number): void {
    this.counts.acknowledged++;
    const sent = this.of(device).waiting.get(counter);
    // The server can be faster than the broker's acknowledgement.
    if (sent) sent.isAcknowledged = true;
  }

  /** Judges a record of the server; each record is to be shown once. */
  judge({ device, counter, fingerprint, receivedAt }: StoredReading): Judgement {
    const truth = this.devices.get(device);
    if (!truth) return this.own.has(device) ? "forged" : "foreign";
    const sent = counter === null ? undefined : truth.waiting.get(counter);
    if (sent && counter !== null && sent.fingerprint === fingerprint) {
      truth.waiting.delete(counter);
      truth.acceptedUpTo = Math.max(truth.acceptedUpTo, sent.at);
      this.counts.accepted++;
      return "honest";
    }
    // A run before this one may have left messages in the gateway.
    return receivedAt < this.begin ? "foreign" : "forged";
  }

  /** Whether a device has sent a message of this number in this run. */
  isOwn(device: string, counter: number): boolean {
    const truth = this.devices.get(device);
    return truth?.first !== undefined && counter >= truth.first && counter <= truth.last;
  }

  /** Messages that the broker acknowledged and the server does not have. */
  get missing(): number {
    let missing = 0;
    for (const { waiting } of this.devices.values()) {
      for (const { isAcknowledged } of waiting.values()) if (isAcknowledged) missing++;
    }
    return missing;
  }

  /** Devices of which the server has nothing that was sent after this time. */
  silentSince(at: number): string[] {
    return [...this.devices].flatMap(([id, { acceptedUpTo }]) => (acceptedUpTo < at ? [id] : []));
  }

  private of(device: string): DeviceTruth {
    const truth = this.devices.get(device);
    if (!truth) throw new Error(`${device} is no honest device of this run`);
    return truth;
  }
}
