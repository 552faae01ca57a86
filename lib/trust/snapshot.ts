import type { TrustRecord, TrustRulesTable, TrustState } from "../common/trust.js";
import type { TrustHistory, TrustPoint } from "./history.js";

export interface DeviceTrust {
  device: string;
  /** 0..100; 0 is 0. Null for a registered device that never proved itself. */
  score: number | null;
  state: TrustState | "unknown";
  /** By an operator: no score releases it. */
  held: boolean;
  /** Milliseconds since the Unix epoch; null where there was no change. */
  changedAt: number | null;
  /** Oldest first, at most 20. */
  history: TrustPoint[];
}

/** Everything that the page Trust shows, of bounded size. */
export interface TrustSnapshot {
  at: number;
  /** Known devices; with the unknown ones behind them `devices` lists the first 200. */
  known: number;
  /** Registered devices that the ledger does not know: they never proved themselves. */
  unknown: number;
  /** Quarantined ones first, then by score, then by name; then unknown ones, as they are registered. */
  devices: DeviceTrust[];
  /** Names of the quarantined ones, lowest score first, at most 200. */
  quarantine: string[];
  quarantined: number;
  rules: TrustRulesTable;
}

const MAX_DEVICES = 200;

function byNeed(a: TrustRecord, b: TrustRecord): number {
  const order = Number(b.state === "quarantined") - Number(a.state === "quarantined") || a.score - b.score;
  return order || (a.device < b.device ? -1 : 1);
}

function unknownDevice(device: string): DeviceTrust {
  return { device, score: null, state: "unknown", held: false, changedAt: null, history: [] };
}

/**
 * @param registered names of the devices that may become known.
 * @param at gateway clock, milliseconds since the Unix epoch.
 * @throws {Error} where the history cannot be read from the ledger.
 */
export function trustSnapshot(
  records: readonly TrustRecord[],
  history: TrustHistory,
  rules: TrustRulesTable,
  at: number,
  registered: readonly string[] = [],
): TrustSnapshot {
  const sorted = [...records].sort(byNeed);
  const quarantined = sorted.filter(({ state }) => state === "quarantined");
  const devices = sorted.slice(0, MAX_DEVICES).map(
    ({ device, score, state, held, changedAt }): DeviceTrust => ({
      ...{ device, score, state, held, changedAt },
      history: [...history.of(device)],
    }),
  );
  const known = new Set(sorted.map(({ device }) => device));
  const unknown = registered.filter((device) => !known.has(device));
  return {
    at,
    known: sorted.length,
    unknown: unknown.length,
    devices: [...devices, ...unknown.slice(0, MAX_DEVICES - devices.length).map(unknownDevice)],
    quarantine: quarantined.slice(0, MAX_DEVICES).map(({ device }) => device),
    quarantined: quarantined.length,
    rules,
  };
}
