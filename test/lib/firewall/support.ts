import assert from "node:assert/strict";
import type { LedgerEvent } from "../../../lib/common/ledger-event.js";
import type { LedgerReceipt } from "../../../lib/common/ledger-receipt.js";
import type { NetworkAlert } from "../../../lib/common/network.js";
import { AllowList } from "../../../lib/firewall/allow-list.js";
import type { FirewallBackend } from "../../../lib/firewall/backend.js";
import { Blocker, type BlockerOptions } from "../../../lib/firewall/blocker.js";
import type { SavedBook } from "../../../lib/firewall/book-file.js";
import { decodeBook, encodeBook } from "../../../lib/firewall/book-file.js";
import { DryRunBackend } from "../../../lib/firewall/dry-run-backend.js";
import type { MachineFacts } from "../../../lib/firewall/machine.js";

export const NOW = 1_790_000_000_000;

/** Both clocks move together unless a test sets one. */
export class FakeClock {
  wall = NOW;
  mono = 5_000;

  now = () => this.wall;
  monotonic = () => this.mono;

  advance(seconds: number): void {
    this.wall += seconds * 1000;
    this.mono += seconds * 1000;
  }
}

export function alertOf(clock: FakeClock, more: Partial<NetworkAlert> = {}): NetworkAlert {
  const seen = clock.wall / 1000;
  return {
    id: "a1",
    kind: "syn-scan",
    phase: "began",
    source: { address: "10.77.0.66", mac: "02:00:00:00:00:66" },
    severity: "critical",
    value: 312,
    threshold: 60,
    unit: "ports",
    reasons: ["312 closed ports tried in 4 s"],
    firstSeen: seen - 4,
    crossedAt: seen,
    lastSeen: seen,
    packets: 400,
    proof: "handshake",
    ...more,
  };
}

export const FACTS: MachineFacts = {
  addresses: new Set(["10.77.0.1", "2001:db8::1"]),
  macs: new Set(["02:00:00:00:00:01"]),
  broadcasts: new Set(["10.77.0.255", "10.77.0.0"]),
  gateways: new Set(["10.77.0.254"]),
  resolvers: new Set(["10.77.0.53"]),
  gatewayMacs: new Set(["02:00:00:00:00:fe"]),
};

export class FakeLedger {
  readonly events: LedgerEvent[] = [];
  broken = false;

  append = async (events: readonly LedgerEvent[]): Promise<LedgerReceipt[]> => {
    if (this.broken) throw new Error("the disk is full");
    this.events.push(...events);
    return events.map(() => ({ index: this.events.length - 1 }) as LedgerReceipt);
  };

  get actions(): unknown[] {
    return this.events.map(({ detail }) => detail?.action);
  }
}

/** A file that goes through its text, as the real one does. */
export class FakeFile {
  text: string | undefined;
  broken = false;

  constructor(private readonly clock: FakeClock) {}

  load(): { book?: SavedBook } {
    return this.text === undefined ? {} : { book: decodeBook(this.text, this.clock) };
  }

  save(book: SavedBook): void {
    if (this.broken) throw new Error("no space left on the disk");
    this.text = encodeBook(book, this.clock);
  }
}

export interface Rig {
  clock: FakeClock;
  ledger: FakeLedger;
  file: FakeFile;
  backend: FirewallBackend;
  blocker: Blocker;
}

/** A blocker whose firewall, clock, disk and ledger are in the test's hands. */
export function rig(more: Partial<BlockerOptions> = {}, parts: Partial<Rig> = {}): Rig {
  const clock = parts.clock ?? new FakeClock();
  const ledger = parts.ledger ?? new FakeLedger();
  const file = parts.file ?? new FakeFile(clock);
  const backend = parts.backend ?? new DryRunBackend(clock);
  const blocker = new Blocker({
    policy: { allow: AllowList.empty, linkLocal: false, minSeverity: "warning", unusual: false },
    steps: [60, 600, 3600, 86_400],
    perMinute: 20,
    maxBlocked: 10_000,
    openBackend: () => assert.fail("no other firewall was expected"),
    machine: { facts: () => FACTS },
    append: ledger.append,
    ...{ backend, clock, file },
    ...more,
  });
  return { clock, ledger, file, backend, blocker };
}
