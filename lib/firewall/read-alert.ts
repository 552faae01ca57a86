import { isJsonObject } from "../common/json.js";
import { NETWORK_ALERT_KINDS, type NetworkAlert, type NetworkAlertKind } from "../common/network.js";
import { Rejection } from "../common/rejection.js";
import { type IpAddress, parseCanonicalIp } from "./ip-address.js";
import { parseMac } from "./target.js";

/** What a decision needs of a {@link NetworkAlert}, parsed. */
export interface BlockAlert {
  id: string;
  kind: NetworkAlertKind;
  phase: NetworkAlert["phase"];
  /** Undefined where the sources are forged at random. */
  address: IpAddress | undefined;
  mac: string | undefined;
  severity: NetworkAlert["severity"];
  proof: NetworkAlert["proof"];
  /** Seconds since the Unix epoch. */
  lastSeen: number;
  /** For people. */
  reason: string;
}

const ID = /^[\x21-\x7e]{1,128}$/;
const MAX_REASON = 300;
const PHASES: readonly unknown[] = ["began", "continues", "ended"] satisfies NetworkAlert["phase"][];
const SEVERITIES: readonly unknown[] = ["warning", "critical"] satisfies NetworkAlert["severity"][];
const PROOFS: readonly unknown[] = ["handshake", "link-layer", "none"] satisfies NetworkAlert["proof"][];

function refuse(reason: string): never {
  throw new Rejection("SCHEMA", `msg.alert: ${reason}`);
}

/** Half of a surrogate pair could not be recorded, a line feed could forge a line of a log. */
function cleanText(text: string): string {
  return text.slice(0, MAX_REASON).replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, "?");
}

/**
 * Reads an alert that anybody may have written.
 *
 * @throws {Rejection} SCHEMA; FORMAT for an address or a MAC that is none.
 */
export function readBlockAlert(value: unknown): BlockAlert {
  if (!isJsonObject(value)) refuse("it is not an object");
  const { id, kind, phase, source, severity, proof, lastSeen, reasons } = value;
  if (typeof id !== "string" || !ID.test(id)) refuse("id is not 1 to 128 printable characters");
  if (!NETWORK_ALERT_KINDS.includes(kind as NetworkAlertKind)) refuse("its kind is not known");
  if (!PHASES.includes(phase)) refuse("its phase is not known");
  if (!SEVERITIES.includes(severity)) refuse("its severity is not known");
  if (!PROOFS.includes(proof)) refuse("its proof is not known");
  if (typeof lastSeen !== "number" || !Number.isFinite(lastSeen)) refuse("lastSeen is not a time in seconds");
  if (!Array.isArray(reasons) || !reasons.every((reason) => typeof reason === "string")) {
    refuse("reasons is not a list of texts");
  }
  if (!isJsonObject(source)) refuse("it names no source");
  const address = source.address === "" ? undefined : parseCanonicalIp(source.address);
  if (!address && source.address !== "") {
    throw new Rejection("FORMAT", "msg.alert.source.address is not one IP address in its canonical form");
  }
  const hasMac = source.mac !== undefined && source.mac !== "";
  const mac = hasMac ? parseMac(source.mac) : undefined;
  if (hasMac && !mac) throw new Rejection("FORMAT", "msg.alert.source.mac is not the MAC of one network card");
  return {
    id,
    kind: kind as NetworkAlertKind,
    phase: phase as BlockAlert["phase"],
    ...{ address, mac },
    severity: severity as BlockAlert["severity"],
    proof: proof as BlockAlert["proof"],
    lastSeen,
    reason: cleanText((reasons as string[])[0] ?? ""),
  };
}
