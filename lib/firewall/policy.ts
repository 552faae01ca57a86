import type { BlockRefusal } from "../common/firewall.js";
import type { NetworkAlertKind } from "../common/network.js";
import type { AllowList } from "./allow-list.js";
import { type IpAddress, parseCanonicalIp } from "./ip-address.js";
import type { MachineFacts } from "./machine.js";
import type { BlockAlert } from "./read-alert.js";
import { RefusedBlock } from "./refusal.js";
import { specialUse } from "./special-use.js";
import type { Target } from "./target.js";

export interface PolicySettings {
  allow: AllowList;
  /** Whether 169.254.0.0/16 and fe80::/10 may be blocked. */
  linkLocal: boolean;
  /** From it on. */
  minSeverity: "warning" | "critical";
  /** Whether to block also for what only the baseline found. */
  unusual: boolean;
}

/** Found by who claims which address: not the address is at fault, which may be its victim's, but the card. */
const LINK_LAYER_KINDS: ReadonlySet<NetworkAlertKind> = new Set(["arp-spoofing", "arp-storm"]);
const FORGED_KINDS: ReadonlySet<NetworkAlertKind> = new Set(["spoofed-syn-flood"]);
const BASELINE_KINDS: ReadonlySet<NetworkAlertKind> = new Set(["unusual-flow", "unexpected-peer"]);
/** A live capture is seconds behind; a file is not about what happens now. */
const MAX_AGE_SEC = 60;

function neverAddress(address: IpAddress, facts: MachineFacts, settings: PolicySettings): BlockRefusal | undefined {
  if (settings.allow.hasAddress(address)) return "allow-listed";
  if (facts.addresses.has(address.text)) return "own-address";
  if (facts.gateways.has(address.text)) return "gateway";
  if (facts.resolvers.has(address.text)) return "resolver";
  if (facts.broadcasts.has(address.text)) return "broadcast";
  const special = specialUse(address);
  return special === "link-local" && settings.linkLocal ? undefined : special;
}

function neverMac(mac: string, facts: MachineFacts, { allow }: PolicySettings): BlockRefusal | undefined {
  if (allow.hasMac(mac)) return "allow-listed";
  if (facts.macs.has(mac)) return "own-address";
  return facts.gatewayMacs.has(mac) ? "gateway" : undefined;
}

/** Why something must not be blocked, whatever it did; undefined where it may. */
export function neverBlocked(target: Target, facts: MachineFacts, settings: PolicySettings): BlockRefusal | undefined {
  if (target.kind === "mac") return neverMac(target.text, facts, settings);
  const address = parseCanonicalIp(target.text);
  return address ? neverAddress(address, facts, settings) : "reserved";
}

/**
 * Whom an alert gets blocked, as far as the alert alone says.
 *
 * @param blocksMac whether the firewall can.
 * @param now milliseconds since the Unix epoch.
 * @throws {RefusedBlock}
 */
export function targetOf(alert: BlockAlert, settings: PolicySettings, blocksMac: boolean, now: number): Target {
  const { address, mac, kind, proof } = alert;
  const refuse = (refusal: BlockRefusal): never => {
    throw new RefusedBlock(refusal, address?.text ?? mac ?? "");
  };
  if (FORGED_KINDS.has(kind)) refuse("forged-source");
  if (proof === "none") refuse(address ? "no-proof" : "forged-source");
  if (Math.abs(now / 1000 - alert.lastSeen) > MAX_AGE_SEC) refuse("stale");
  if (settings.minSeverity === "critical" && alert.severity !== "critical") refuse("minor");
  if (BASELINE_KINDS.has(kind) && !settings.unusual) refuse("unusual-only");
  if (LINK_LAYER_KINDS.has(kind)) {
    if (proof !== "link-layer") refuse("no-proof");
    if (!mac || !blocksMac) return refuse("no-mac");
    return { kind: "mac", text: mac };
  }
  if (proof !== "handshake") refuse("no-proof");
  if (!address) return refuse("forged-source");
  return { kind: address.family === 4 ? "ipv4" : "ipv6", text: address.text };
}
