import { readdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { CaptureProgram } from "./capture-program.js";

export type CaptureFailureKind =
  | "not-installed"
  | "no-permission"
  | "no-interface"
  | "interface-down"
  | "filter"
  | "user"
  | "failed";

/** Why nothing is captured; the message says what to do about it. */
export class CaptureFailure extends Error {
  override readonly name = "CaptureFailure";

  constructor(
    readonly kind: CaptureFailureKind,
    message: string,
  ) {
    super(message);
  }
}

const PACKAGES: Readonly<Record<CaptureProgram, string>> = {
  tcpdump: "apt-get install tcpdump",
  dumpcap: "apt-get install wireshark-common",
};

/** Names of this machine's interfaces. */
export function interfaceNames(): string[] {
  try {
    return readdirSync("/sys/class/net").sort();
  } catch {
    return Object.keys(networkInterfaces()).sort();
  }
}

export function notInstalled(program: CaptureProgram): CaptureFailure {
  return new CaptureFailure("not-installed", `${program} is not installed: ${PACKAGES[program]}`);
}

/** Remarks in brackets, counts, and that it had begun. */
const NO_REASON = /^\(|^\d+ packets? |listening on |^Capturing on |^File: |^Packets /;

function lastLine(said: string): string {
  const lines = said.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !NO_REASON.test(line)).at(-1) ?? "";
}

/**
 * What a capture program complained about, with what to do.
 *
 * @param said what it wrote to its standard error.
 */
export function failureOf(program: CaptureProgram, interfaceName: string, said: string): CaptureFailure {
  if (/permission|not permitted/i.test(said)) {
    const rights = `setcap cap_net_raw,cap_net_admin=eip "$(command -v ${program})"`;
    return new CaptureFailure(
      "no-permission",
      `no permission to capture on ${interfaceName}: run as root, or ${rights}`,
    );
  }
  if (/no such device|no device named|interface disappeared/i.test(said)) {
    const names = interfaceNames().join(", ");
    return new CaptureFailure("no-interface", `there is no interface ${interfaceName}; this machine has: ${names}`);
  }
  if (/is not up|network is down|interface went down/i.test(said)) {
    return new CaptureFailure("interface-down", `${interfaceName} is down: ip link set ${interfaceName} up`);
  }
  if (/filter expression|valid capture filter|expression rejects all packets/i.test(said)) {
    const why = /filter expression: ([^\n)]+)/.exec(said)?.[1] ?? lastLine(said);
    return new CaptureFailure("filter", `the filter is not one of pcap-filter(7): ${why}`);
  }
  if (/couldn't find user/i.test(said)) return new CaptureFailure("user", lastLine(said));
  return new CaptureFailure("failed", `${program} ended: ${lastLine(said) || "it did not say why"}`);
}
