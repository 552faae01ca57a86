import type { LedgerEvent, OperatorAction } from "../common/ledger-event.js";
import type { LedgerReceipt } from "../common/ledger-receipt.js";
import type { TrustChange, TrustEvent, TrustRulesTable, TrustState } from "../common/trust.js";
import { isTrustEvent } from "../common/trust.js";
import type { TrustArchive, TrustLedger } from "./archive.js";
import { Credits, inEntries } from "./credits.js";
import type { EvidenceMap } from "./evidence-map.js";
import { HeartbeatWatch } from "./heartbeat-watch.js";
import { LossesInFlight } from "./losses-in-flight.js";
import type { Observation, ObservedMessage } from "./observe.js";
import { observe } from "./observe.js";
import { EVIDENCE_IDS, SeenEvidence } from "./seen-evidence.js";
import { standingOf } from "./standing.js";

/** `msg.trust`: a device's trust after a message. */
export interface MessageTrust {
  /** 0..100; null for a device that is unknown or not proved. */
  score: number | null;
  /** Before the message. */
  previous: number | null;
  state: TrustState | "unknown";
  /** Whose points were applied; null where the message changed nothing. */
  rule: string | null;
}

/** A change that is on the ledger. */
export interface CommittedChange {
  device: string;
  score: number;
  previous: number | null;
  state: TrustState;
  /** Event or operator action. */
  rule: string;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** What a message led to. */
export interface TrustOutcomeOfMessage {
  trust: MessageTrust;
  changes: CommittedChange[];
}

export interface TrustUpdaterOptions {
  ledger: TrustLedger;
  archive: TrustArchive;
  rules: TrustRulesTable;
  evidence: EvidenceMap;
  /** Gateway clock, milliseconds since the Unix epoch. */
  now?: () => number;
  /** Milliseconds of a clock that nobody sets. */
  monotonic?: () => number;
}

const UNKNOWN: MessageTrust = { score: null, previous: null, state: "unknown", rule: null };

function committed({ device, score, previous, state, rule }: TrustChange, at: number): CommittedChange {
  return { device, score, previous, state, rule, at };
}

/** The latest change of this device came from a sign of life or from something that it sent. */
function isAlive(archive: TrustArchive, device: string): boolean {
  const [latest] = archive.trustHistory(device, 1);
  const rule = latest?.data?.trust?.filter((change) => change.device === device).at(-1)?.rule;
  return rule !== undefined && isTrustEvent(rule) && rule !== "HEARTBEAT_LOST";
}

/**
 * Turns messages into evidence on the ledger, which applies the trust rules to it in the same transaction. What lowers
 * trust is recorded at once; what restores it is collected, see {@link Credits}.
 */
export class TrustUpdater {
  private readonly credits = new Credits();
  private readonly watch: HeartbeatWatch;
  private readonly seen: SeenEvidence;
  /** Unknown devices whose first sign of life is being recorded. */
  private readonly greeting = new Map<string, Promise<unknown>>();
  /** Losses that are on their way to the ledger, by device. */
  private readonly inFlight = new LossesInFlight();
  private readonly now: () => number;
  private readonly monotonic: () => number;
  private wasDeaf = false;
  /** Fell silent, and the ledger would not take it yet. */
  private silent: string[] = [];

  /** @throws {Error} where the ledger cannot be read. */
  constructor(private readonly options: TrustUpdaterOptions) {
    this.now = options.now ?? Date.now;
    this.monotonic = options.monotonic ?? (() => performance.now());
    this.watch = new HeartbeatWatch(options.rules.heartbeatTimeoutSec);
    this.seen = SeenEvidence.load(options.archive);
    const start = this.monotonic();
    for (const { device } of options.ledger.trustRecords()) {
      // A silence that was told before the start is not told again.
      if (isAlive(options.archive, device)) this.watch.seen(device, start);
    }
  }

  /**
   * Takes in what a message says. Answers at once where nothing has to be recorded for it.
   *
   * @throws {Rejection} SCHEMA for a message that trust cannot follow from; {Error} where the ledger refuses: then
   *   nothing was counted.
   */
  take(msg: ObservedMessage): TrustOutcomeOfMessage | Promise<TrustOutcomeOfMessage> {
    const observation = observe(msg, this.options.evidence);
    switch (observation.kind) {
      case "nothing":
        return { trust: observation.device === undefined ? UNKNOWN : this.standing(observation.device), changes: [] };
      case "delivered":
        return this.delivered(observation);
      case "alive":
        return this.alive(observation.device);
      case "evidence":
        return this.record(observation);
    }
  }

  /** A person's decision about a device. @throws {Rejection} SCHEMA; {Error} where the ledger refuses. */
  async operate(operator: OperatorAction): Promise<TrustOutcomeOfMessage> {
    const before = this.options.ledger.trust(operator.device)?.score ?? null;
    const changes = await this.append([{ kind: "operator", at: this.now(), operator }]);
    const trust = { ...this.standing(operator.device), previous: before, rule: operator.action };
    return { trust, changes };
  }

  /**
   * Looks for devices that fell silent; to be called about once a second.
   *
   * @param isHearing whether devices could be heard: while the gateway has lost its broker, no silence counts.
   */
  async checkSilence(isHearing: boolean): Promise<CommittedChange[]> {
    const now = this.monotonic();
    if (!isHearing) {
      this.wasDeaf = true;
      return [];
    }
    if (this.wasDeaf) this.watch.restart(now);
    this.wasDeaf = false;
    const lost = [...this.silent, ...this.watch.lost(now)];
    if (lost.length === 0) return [];
    this.silent = [];
    for (const device of lost) this.credits.forfeit(device);
    const evidence = lost.map((device) => ({ device, event: "HEARTBEAT_LOST" as const, authenticated: true }));
    const at = this.now();
    try {
      return await this.append(inEntries(evidence).map((part) => ({ kind: "heartbeat", at, evidence: part })));
    } catch (error) {
      this.silent = [...lost, ...this.silent];
      throw error;
    }
  }

  /** Records what was collected in favour of devices; to be called about once a minute. */
  async settleCredits(): Promise<CommittedChange[]> {
    return this.append(this.credits.take(this.now()));
  }

  private standing(device: string): MessageTrust {
    const { score, state } = standingOf(this.options.ledger.trust(device));
    return { score, previous: score, state, rule: null };
  }

  private async append(events: readonly LedgerEvent[]): Promise<CommittedChange[]> {
    if (events.length === 0) return [];
    const receipts = await this.options.ledger.append(events);
    return receipts.flatMap((receipt: LedgerReceipt, i) =>
      receipt.trust.filter(({ withheld }) => !withheld).map((change) => committed(change, events[i]?.at ?? 0)),
    );
  }

  private delivered({ devices, attacks }: Extract<Observation, { kind: "delivered" }>): TrustOutcomeOfMessage {
    if (attacks === 0) {
      for (const device of devices) {
        const record = this.options.ledger.trust(device);
        if (record) this.credits.add("BATCH_RECEIPT", record);
      }
    }
    return { trust: UNKNOWN, changes: [] };
  }

  private alive(device: string): TrustOutcomeOfMessage | Promise<TrustOutcomeOfMessage> {
    this.watch.seen(device, this.monotonic());
    const record = this.options.ledger.trust(device);
    if (record) {
      this.credits.add("HEARTBEAT", record);
      return { trust: this.standing(device), changes: [] };
    }
    return this.greet(device);
  }

  /** The first sign of life makes a device known, once, however many messages come meanwhile. */
  private async greet(device: string): Promise<TrustOutcomeOfMessage> {
    const greeted = this.greeting.get(device);
    if (greeted) {
      await greeted;
      return { trust: this.standing(device), changes: [] };
    }
    const evidence = [{ device, event: "HEARTBEAT" as const, authenticated: true }];
    const greeting = this.append([{ kind: "heartbeat", at: this.now(), evidence }]);
    this.greeting.set(device, greeting);
    try {
      const changes = await greeting;
      return { trust: { ...this.standing(device), previous: null, rule: "HEARTBEAT" }, changes };
    } finally {
      this.greeting.delete(device);
    }
  }

  private async record(found: Extract<Observation, { kind: "evidence" }>): Promise<TrustOutcomeOfMessage> {
    const { device, event, id, isHeard, detail } = found;
    if (isHeard) this.watch.seen(device, this.monotonic());
    const points = this.options.rules.points[event];
    // Of a dozen alerts in one commit only those are recorded that still find trust to take away.
    while (this.changesAnything(event, device) && this.inFlight.takeAll(device, this.scoreOf(device))) {
      await this.inFlight.settled(device);
    }
    if (!this.changesAnything(event, device)) {
      return { trust: { ...this.standing(device), rule: event }, changes: [] };
    }
    if (id !== undefined && !this.seen.add(id)) return { trust: this.standing(device), changes: [] };
    this.credits.forfeit(device);
    const evidence = [{ device, event, authenticated: true }];
    const more = id === undefined ? detail : { ...detail, [EVIDENCE_IDS]: [id] };
    const kind = event === "HEARTBEAT_LOST" ? "heartbeat" : "alert";
    try {
      const appended = this.append([{ kind, at: this.now(), evidence, detail: more }]);
      const changes = await this.inFlight.add(device, points, appended);
      return { trust: this.afterwards(device, event, changes), changes };
    } catch (error) {
      if (id !== undefined) this.seen.forget(id);
      throw error;
    }
  }

  /** A device at zero cannot fall; an attacker in it must not fill the ledger with saying so. */
  private changesAnything(event: TrustEvent, device: string): boolean {
    const record = this.options.ledger.trust(device);
    return record === undefined || (record.score > 0 && this.options.rules.points[event] !== 0);
  }

  private scoreOf(device: string): number {
    return this.options.ledger.trust(device)?.score ?? this.options.rules.initialScore;
  }

  private afterwards(device: string, rule: TrustEvent, changes: readonly CommittedChange[]): MessageTrust {
    const change = changes.find((candidate) => candidate.device === device);
    if (!change) return { ...this.standing(device), rule };
    const { score, previous, state } = change;
    return { score, previous, state, rule };
  }
}
