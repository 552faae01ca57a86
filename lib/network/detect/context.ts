import type { Finding, Incidents } from "./incidents.js";
import type { Source, Sources } from "./sources.js";
import type { DetectedKind, Thresholds } from "./thresholds.js";

/** A completed handshake proves its source for so long. */
const PROOF_S = 600;

/** What a detector says beyond the source. */
export type Report = Pick<Finding, "value" | "firstSeen" | "reasons"> & Partial<Finding>;

/** What all detectors share: the time, the thresholds, the sources and the incidents. */
export class DetectorContext {
  /** The detectors' clock, in seconds: capture time that never goes back. */
  now = 0;

  constructor(
    readonly thresholds: Thresholds,
    readonly sources: Sources,
    readonly incidents: Incidents,
  ) {}

  /** @param isOwnHandshake the reported connections themselves completed a handshake. */
  report(source: Source, kind: DetectedKind, report: Report, isOwnHandshake = false): void {
    this.incidents.begin(source, kind, {
      source: originOf(source),
      packets: report.value,
      proof: isOwnHandshake || this.isProved(source) ? "handshake" : "none",
      ...report,
    });
  }

  /** A source completed a handshake. */
  proved(source: Source): void {
    if (source.incidents.size > 0 && this.isProved(source)) this.incidents.proved(source);
  }

  /** Whether who sends from here has completed a handshake from here: packets from another MAC do not count. */
  private isProved(source: Source): boolean {
    return (
      source.address !== "" &&
      this.now - source.handshakeAt <= PROOF_S &&
      (source.mac === "" || source.mac === source.handshakeMac)
    );
  }
}

export function originOf(source: Source): Finding["source"] {
  return source.mac === "" ? { address: source.address } : { address: source.address, mac: source.mac };
}

/** "4.1 s", for reasons. */
export function seconds(from: number, to: number): string {
  return `${Math.max(0, to - from).toFixed(1)} s`;
}
