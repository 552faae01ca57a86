import type { NetworkAlert, NetworkAlertKind } from "../../common/network.js";
import type { IncidentLog } from "./incident-log.js";
import type { SeenSource, SourceBook } from "./source-book.js";

/** What is said about one sender. */
export interface SourceReport {
  kind: "source";
  /** Empty where the addresses were forged: `mac` and `targets` say what is known then. */
  address: string;
  mac?: string;
  /** `attack` by a detector, `suspicious` by the baseline or by the MAC of forged packets. */
  verdict: "attack" | "suspicious" | "normal";
  /** Kinds of what was found, the first one first. */
  labels: NetworkAlertKind[];
  reasons: string[];
  /** Capture time in seconds since the Unix epoch. */
  firstSeen: number;
  lastSeen: number;
  /** Packets sent. */
  packets: number;
  /** Whom it was against, where something was found. */
  targets?: string[];
  /** Forged only: senders that were no more than such an address, and therefore have no line of their own. */
  forgedAddresses?: number;
}

export interface SourceReports {
  /** Attacks first, then what is suspicious; within these by packets. */
  sources: SourceReport[];
  /** Senders without a line: forged ones, and those that there was no room for. */
  notListed: number;
}

const SUSPICIOUS: ReadonlySet<NetworkAlertKind> = new Set(["unusual-flow", "unexpected-peer"]);
const MAX_REASONS = 20;
const MAX_TARGETS = 20;
/** A machine has a few addresses; a MAC with more says nothing about any. */
const MAX_OWN_ADDRESSES = 4;
const WINDOW_SLACK_S = 5;
const RANK = { attack: 0, suspicious: 1, normal: 2 } as const;

/** What a user reads about each sender of a capture. */
export function sourceReports(book: SourceBook, incidents: IncidentLog): SourceReports {
  const reports = new Map<string, SourceReport>();
  const forged: NetworkAlert[] = [];
  const inOrder = [...incidents.all()].sort((a, b) => a.crossedAt - b.crossedAt);
  for (const alert of inOrder) {
    const { address, mac = "" } = alert.source;
    if (address === "") forged.push(alert);
    // One who forges addresses is one line for each MAC, or for each target where there is no link layer.
    const key = address || (mac ? `mac ${mac}` : `to ${alert.target?.address ?? ""}`);
    const report = reports.get(key) ?? begin(reports, key, alert, book.get(address));
    addFinding(report, alert);
  }
  let notListed = book.notKept;
  for (const seen of book.all()) {
    if (reports.has(seen.address)) continue;
    const flood = forged.find((alert) => isForgedBy(seen, alert));
    if (flood === undefined) {
      reports.set(seen.address, normal(seen));
      continue;
    }
    notListed++;
    const { mac = "" } = flood.source;
    const report = reports.get(mac ? `mac ${mac}` : `to ${flood.target?.address ?? ""}`);
    if (report) report.forgedAddresses = (report.forgedAddresses ?? 0) + 1;
  }
  for (const alert of forged) suspectOwner(reports, book, alert);
  const sources = [...reports.values()].sort(
    (a, b) => RANK[a.verdict] - RANK[b.verdict] || b.packets - a.packets || (a.address < b.address ? -1 : 1),
  );
  return { sources, notListed };
}

function begin(
  reports: Map<string, SourceReport>,
  key: string,
  alert: NetworkAlert,
  seen: SeenSource | undefined,
): SourceReport {
  const { source, firstSeen, lastSeen } = alert;
  const mac = source.mac ?? (seen?.ownMac || seen?.mac) ?? "";
  const report: SourceReport = {
    kind: "source",
    address: source.address,
    ...(mac !== "" && { mac }),
    verdict: "normal",
    labels: [],
    reasons: [],
    firstSeen: Math.min(firstSeen, seen?.firstSeen ?? firstSeen),
    lastSeen: Math.max(lastSeen, seen?.lastSeen ?? lastSeen),
    packets: seen?.packets ?? 0,
    targets: [],
  };
  reports.set(key, report);
  return report;
}

function addFinding(report: SourceReport, alert: NetworkAlert): void {
  const { kind, reasons, target, firstSeen, lastSeen, packets, source } = alert;
  if (!report.labels.includes(kind)) report.labels.push(kind);
  for (const reason of reasons) {
    if (report.reasons.length < MAX_REASONS && !report.reasons.includes(reason)) report.reasons.push(reason);
  }
  const targets = report.targets ?? [];
  if (target && targets.length < MAX_TARGETS && !targets.includes(target.address)) targets.push(target.address);
  report.targets = targets;
  if (!SUSPICIOUS.has(kind)) report.verdict = "attack";
  else if (report.verdict === "normal") report.verdict = "suspicious";
  report.firstSeen = Math.min(report.firstSeen, firstSeen);
  report.lastSeen = Math.max(report.lastSeen, lastSeen);
  if (source.address === "") report.packets += packets;
}

function normal({ address, ownMac, firstSeen, lastSeen, packets, ...seen }: SeenSource): SourceReport {
  const mac = ownMac || seen.mac;
  const link = mac === "" ? {} : { mac };
  return { kind: "source", address, ...link, verdict: "normal", labels: [], reasons: [], firstSeen, lastSeen, packets };
}

function isForgedBy(seen: SeenSource, { source, target, firstSeen, lastSeen }: NetworkAlert): boolean {
  return (
    !seen.isOnLink &&
    !seen.sentData &&
    seen.onlyTo === target?.address &&
    (source.mac === undefined || seen.mac === "" || source.mac === seen.mac) &&
    seen.firstSeen >= firstSeen - WINDOW_SLACK_S &&
    seen.lastSeen <= lastSeen + WINDOW_SLACK_S
  );
}

/**
 * Forged packets come from some machine of this link: from the one that has the MAC, or through it if it is a router.
 * Where it has told an address of its own, it is suspicious, no more.
 */
function suspectOwner(reports: Map<string, SourceReport>, book: SourceBook, alert: NetworkAlert): void {
  const { mac } = alert.source;
  if (mac === undefined) return;
  const owners = [...book.all()].filter((seen) => seen.ownMac === mac && seen.address !== alert.target?.address);
  if (owners.length > MAX_OWN_ADDRESSES) return;
  const reason = `${alert.kind} with forged addresses came from its MAC ${mac}: from it, or through it if it is a router`;
  for (const { address } of owners) {
    const report = reports.get(address);
    if (!report) continue;
    if (!report.labels.includes(alert.kind)) report.labels.push(alert.kind);
    if (report.reasons.length < MAX_REASONS && !report.reasons.includes(reason)) report.reasons.push(reason);
    if (report.verdict === "normal") report.verdict = "suspicious";
  }
}
