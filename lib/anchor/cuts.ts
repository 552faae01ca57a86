import type { LedgerEvent } from "../common/ledger-event.js";
import type { TrustCut } from "./settle.js";

/** Remembers how far the chain is from the log for each device, so that each difference is told once. */
export class ToldCuts {
  private readonly told = new Map<string, string>();

  /** @returns those that are new, or not as they were told. */
  fresh(cuts: readonly TrustCut[]): TrustCut[] {
    return cuts.filter(({ device, wanted, given }) => {
      const gap = given === null ? "unregistered" : String(wanted - given);
      if (this.told.get(device) === gap) return false;
      this.told.set(device, gap);
      return true;
    });
  }

  /** Devices that the chain took as they are: the next difference is new. */
  forget(devices: Iterable<string>): void {
    for (const device of devices) this.told.delete(device);
  }
}

/** The entry that says what the chain did not take. */
export function clampEvent(
  cuts: readonly TrustCut[],
  where: { chainId: number; contract: string; lane: string; from: number; to: number },
  now: number,
): LedgerEvent {
  return { kind: "clamp", at: now, detail: { ...where, devices: cuts.map((cut) => ({ ...cut })) } };
}
