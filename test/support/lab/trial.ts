// One attack under the eyes of the detectors, and what there is to say against how they did.
import type { Attack } from "./attacks.js";
import { addressOf, macOf } from "./hosts.js";
import type { Lab } from "./lab.js";
import { LabWatch, type ToldAlert } from "./lab-watch.js";

const MAX_LATENCY_SEC = 2;
/** Time without an attack before it, so that who is there is known, and after it for what comes late. */
const QUIET_MS = 2000;
const AFTER_MS = 1000;
/** A flood that ends with its first alert may go on for so long: a machine with much else to do begins it late. */
const BRIEF_SEC = 6;

export interface Trial {
  attack: Attack;
  /** Alerts that name the attacker and that were expected. */
  hits: ToldAlert[];
  /** What is wrong; empty when it is as it must be. */
  problems: string[];
  /** Seconds on the packets' clock from the crossing of the threshold to the alert. */
  latencySec: number;
  dropped: number | null;
}

/** Whether an alert is about the attacker: by link-layer address where it says one. */
export function namesAttacker({ alert }: ToldAlert): boolean {
  const { address, mac } = alert.source;
  return mac === undefined ? address === addressOf("attacker") : mac === macOf("attacker");
}

export function shownAlert({ alert, at }: ToldAlert): string {
  const { address, mac } = alert.source;
  return `${alert.kind} of ${address || "?"} ${mac ?? ""} at ${at.toFixed(3)}: ${alert.reasons.join("; ")}`;
}

/** Runs an attack. @param isBrief to stop it as soon as an expected alert names the attacker. */
export async function tryAttack(lab: Lab, attack: Attack, isBrief = false): Promise<Trial> {
  const watch = await LabWatch.start(lab.network, { attackerMac: macOf("attacker"), thresholds: attack.expected });
  const isHit = (told: ToldAlert) => namesAttacker(told) && attack.expected.includes(told.alert.kind);
  lab.meetAnew();
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  const seconds = isBrief ? Math.max(BRIEF_SEC, attack.seconds) : attack.seconds;
  const stopped = isBrief ? watch.until(() => watch.alerts.some(isHit), seconds) : undefined;
  await lab.attack({ ...attack, seconds }, stopped);
  await new Promise((resolve) => setTimeout(resolve, AFTER_MS));
  await watch.stop();
  return judge(attack, watch, isHit);
}

function judge(attack: Attack, watch: LabWatch, isHit: (told: ToldAlert) => boolean): Trial {
  const problems: string[] = [];
  const hits = watch.alerts.filter(isHit);
  // Of several kinds that would do, the first that was told: its own threshold counts.
  const first = hits[0];
  const crossedAt = first && watch.crossings.get(first.alert.kind);
  const latencySec = first && crossedAt !== undefined ? first.at - crossedAt : Number.NaN;
  if (!first) problems.push(`no alert of ${attack.expected.join(" or ")} names the attacker`);
  else if (crossedAt === undefined) problems.push(`told below the documented threshold: ${shownAlert(first)}`);
  else if (latencySec > MAX_LATENCY_SEC)
    problems.push(`${latencySec.toFixed(2)} s after the crossing: ${shownAlert(first)}`);
  if (first && attack.sources === "own" && first.alert.source.address !== addressOf("attacker")) {
    problems.push(`the alert has not the attacker's address: ${shownAlert(first)}`);
  }
  for (const told of watch.alerts) if (!namesAttacker(told)) problems.push(`an innocent is named: ${shownAlert(told)}`);
  return { attack, hits, problems, latencySec, dropped: watch.counters?.dropped ?? null };
}
