import { createHash, randomBytes } from "node:crypto";
import type { LedgerEvent } from "../common/ledger-event.js";
import type { LedgerReceipt } from "../common/ledger-receipt.js";
import { Rejection } from "../common/rejection.js";
import type { TrustRecord } from "../common/trust.js";
import { type ChainTrustAnswer, type Decision, decide, type GatePolicy, type Refusal } from "./decision.js";
import type { CommandRequest } from "./request.js";

/** A device's way of protecting what is sent to it. */
export interface CommandTarget {
  profile: string;
  protection: "encrypts" | "signs" | "none";
  topic: string;
  /** The topic belongs to readings. */
  isTopicTaken: boolean;
  /** @throws {Rejection} SIZE; {Error} where there is no key. */
  seal(plaintext: Buffer, counter: number, now: number): Buffer | string;
}

export interface CommandGateOptions {
  policy: GatePolicy;
  /** Whether commands may go to devices in a form that others can read. */
  allowReadable: boolean;
  /** How long a device may act on a command, seconds. */
  ttlSec: number;
  /** Undefined for a device that is not registered. */
  targetOf(device: string): CommandTarget | undefined;
  /** @throws {Error} where the ledger cannot be read. */
  trust(device: string): TrustRecord | undefined;
  /** @throws {Error} where nothing was recorded. */
  append(events: readonly LedgerEvent[]): Promise<LedgerReceipt[]>;
  /** Where a chain is asked as well. */
  chainTrust?: (device: string) => Promise<ChainTrustAnswer>;
  /** @throws {Error} where no number can be reserved. */
  nextCounter(device: string): number;
  /** Gateway clock, milliseconds since the Unix epoch. */
  now?: () => number;
}

/** What was decided about a command. */
export interface CommandOutcome {
  id: string;
  device: string;
  command: string;
  /** What the decision rests on; null where nothing is known. */
  trust: number | null;
  at: number;
  /** null: the ledger would not take the decision, so that it was refused. */
  receipt: LedgerReceipt | null;
  /** Where it was refused. */
  reason?: Refusal;
  /** Where it was approved. */
  sealed?: { topic: string; payload: Buffer | string; counter: number };
}

interface Prepared extends Decision {
  sealed?: CommandOutcome["sealed"] & object;
}

const ID_BYTES = 8;

/**
 * Decides about commands, and lets a decision take effect only after it is on the ledger. Whatever cannot be read, is
 * not known or cannot be recorded refuses the command.
 */
export class CommandGate {
  private readonly now: () => number;

  constructor(private readonly options: CommandGateOptions) {
    this.now = options.now ?? Date.now;
  }

  async handle(request: CommandRequest): Promise<CommandOutcome> {
    const at = this.now();
    const id = randomBytes(ID_BYTES).toString("hex");
    const prepared = await this.prepare(request, id, at);
    const outcome = { id, device: request.device, command: request.command, trust: prepared.trust, at };
    const receipt = await this.record(request, id, at, prepared);
    if (!receipt) return { ...outcome, receipt: null, reason: prepared.refusal ?? "ledger-unavailable" };
    if (prepared.refusal) return { ...outcome, receipt, reason: prepared.refusal };
    // What was recorded together with the decision may have been evidence against the device.
    const after = this.decideNow(request.device);
    if (after.refusal) {
      const revoked = await this.record(request, id, this.now(), after, receipt.index);
      return { ...outcome, trust: after.trust, receipt: revoked ?? receipt, reason: after.refusal };
    }
    return { ...outcome, receipt, ...(prepared.sealed ? { sealed: prepared.sealed } : {}) };
  }

  private async prepare(request: CommandRequest, id: string, at: number): Promise<Prepared> {
    const target = this.options.targetOf(request.device);
    if (!target) return { trust: null, refusal: "unknown-device" };
    const chain = await this.options.chainTrust?.(request.device);
    const decision = this.decideNow(request.device, chain);
    if (decision.refusal) return decision;
    const refused = (refusal: Refusal): Prepared => ({ ...decision, refusal });
    if (target.isTopicTaken) return refused("topic-taken");
    if (target.protection !== "encrypts" && !this.options.allowReadable) return refused("no-encryption");
    let counter: number;
    try {
      counter = this.options.nextCounter(request.device);
    } catch {
      return refused("no-counter");
    }
    try {
      const plaintext = this.plaintextOf(request, id, at, counter);
      const payload = target.protection === "none" ? plaintext.toString() : target.seal(plaintext, counter, at);
      return { ...decision, sealed: { topic: target.topic, payload, counter } };
    } catch (error) {
      return refused(error instanceof Rejection ? "too-large" : "no-key");
    }
  }

  private decideNow(device: string, chain?: ChainTrustAnswer): Decision {
    let record: TrustRecord | undefined;
    try {
      record = this.options.trust(device);
    } catch {
      return { trust: null, refusal: "ledger-unavailable" };
    }
    return decide(record, this.options.policy, chain);
  }

  /** What the device reads: it must refuse a counter that is not above the last one, and a time that has passed. */
  private plaintextOf({ device, command, argumentsText }: CommandRequest, id: string, at: number, counter: number) {
    const document = {
      device_id: device,
      command_id: id,
      command,
      ...(argumentsText === undefined ? {} : { arguments: JSON.parse(argumentsText) as unknown }),
      counter,
      timestamp: new Date(at).toISOString(),
      expires: new Date(at + this.options.ttlSec * 1000).toISOString(),
    };
    return Buffer.from(JSON.stringify(document));
  }

  /** @returns undefined where it could not be recorded. */
  private async record(
    { device, command, user, argumentsText }: CommandRequest,
    id: string,
    at: number,
    { trust, refusal, sealed }: Prepared,
    revokes?: number,
  ): Promise<LedgerReceipt | undefined> {
    const detail = {
      ...{ id, device, command, user, trust, decision: refusal ? "refused" : "approved" },
      ...(refusal ? { reason: refusal } : {}),
      ...(sealed ? { counter: sealed.counter } : {}),
      ...(revokes === undefined ? {} : { revokes }),
      // Arguments may hold what auditors need not read; whoever knows them can show that they were these.
      ...(argumentsText === undefined ? {} : { arguments_sha256: sha256(argumentsText) }),
    };
    try {
      const [receipt] = await this.options.append([{ kind: "control", at, detail }]);
      return receipt;
    } catch {
      return undefined;
    }
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
