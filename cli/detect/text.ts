import type { SourceReport } from "../../lib/network/verdict/source-report.js";
import type { Summary } from "./detect.js";

const NORMAL_SHOWN = 20;

const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Texts come from packets: nothing of it may steer the terminal. */
export function plain(text: string): string {
  return text.replaceAll(CONTROL, "?");
}

function when(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace("T", " ").slice(0, 19);
}

function nameOf({ address, mac, targets }: SourceReport): string {
  if (address !== "") return address;
  return `forged addresses${mac ? ` from ${mac}` : ""}${targets?.[0] ? ` against ${targets[0]}` : ""}`;
}

function finding(source: SourceReport): string[] {
  const { verdict, labels, mac, address, packets, firstSeen, lastSeen, reasons, forgedAddresses } = source;
  const link = mac && address ? ` (${mac})` : "";
  return [
    `${verdict.toUpperCase()}  ${nameOf(source)}${link}: ${labels.join(", ")}`,
    `  ${packets} packets, ${when(firstSeen)} to ${when(lastSeen)} UTC`,
    ...(forgedAddresses ? [`  ${forgedAddresses} addresses that were forged are not listed`] : []),
    ...reasons.map((reason) => `  - ${reason}`),
    "",
  ];
}

/** The result as lines for people. */
export function describe(sources: readonly SourceReport[], summary: Summary): string[] {
  const found = sources.filter(({ verdict }) => verdict !== "normal");
  const normal = sources.filter(({ verdict }) => verdict === "normal");
  const width = Math.max(7, ...normal.slice(0, NORMAL_SHOWN).map(({ address }) => address.length));
  const lines = [...found.flatMap(finding)];
  if (normal.length > 0) {
    lines.push(`${"normal".padEnd(width)}  packets  first seen (UTC)`);
    for (const { address, packets, firstSeen } of normal.slice(0, NORMAL_SHOWN)) {
      lines.push(`${address.padEnd(width)}  ${String(packets).padStart(7)}  ${when(firstSeen)}`);
    }
    if (normal.length > NORMAL_SHOWN) lines.push(`and ${normal.length - NORMAL_SHOWN} more`);
    lines.push("");
  }
  const { packets, flows, attacks, seconds } = summary;
  const more = summary.sourcesNotListed > 0 ? ` (${summary.sourcesNotListed} more not listed)` : "";
  lines.push(
    `${packets} packets, ${flows} flows, ${summary.sources} sources${more}, ${attacks} ${attacks === 1 ? "attack" : "attacks"}; read in ${seconds} s`,
  );
  return lines.map(plain);
}
