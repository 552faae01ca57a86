import type { AttackType, SecurityVerdict } from "../common/security.js";
import type { ThreatSummary } from "../common/security-snapshot.js";
import { HeavyHitters } from "./heavy-hitters.js";
import { keptText } from "./kept-text.js";
import { LIMITS } from "./limits.js";

interface Details {
  lastType: AttackType;
  firstSeen: number;
  lastSeen: number;
}

/**
 * Who sends the most anomalies. Authenticated sources and the others have 256 counters each, so that neither a name
 * that was not proved counts against the device of that name, nor a flood of names takes the devices' counters.
 */
export class TopThreats {
  private readonly authenticated = new HeavyHitters<Details>(LIMITS.threatCounters);
  private readonly claimed = new HeavyHitters<Details>(LIMITS.threatCounters);

  add({ source, authenticated }: SecurityVerdict, lastType: AttackType, at: number): void {
    const key = source.length > LIMITS.sourceLength ? source.slice(0, LIMITS.sourceLength) : source;
    this.side(authenticated).add(
      key,
      () => ({ key: keptText(key, LIMITS.sourceLength), details: { lastType, firstSeen: at, lastSeen: at } }),
      (details) => {
        details.lastType = lastType;
        if (at < details.firstSeen) details.firstSeen = at;
        details.lastSeen = at;
      },
    );
  }

  /** The first 10 by what is certain, `count - error`: names that were seen once do not outrank an attacker. */
  top(): ThreatSummary[] {
    const certain = (threat: ThreatSummary) => threat.count - threat.error;
    return this.all()
      .sort((a, b) => certain(b) - certain(a) || b.count - a.count || b.lastSeen - a.lastSeen)
      .slice(0, LIMITS.topThreats);
  }

  /** Every counter, in no order. */
  all(): ThreatSummary[] {
    return [true, false].flatMap((authenticated) =>
      this.side(authenticated)
        .entries()
        .map(({ key, count, error, details }) => ({ source: key, authenticated, count, error, ...details })),
    );
  }

  /** Takes one of {@link all} back. @throws {RangeError} where there is no room for it. */
  restore({ source, authenticated, count, error, lastType, firstSeen, lastSeen }: ThreatSummary): void {
    this.side(authenticated).restore({ key: source, count, error, details: { lastType, firstSeen, lastSeen } });
  }

  private side(authenticated: boolean): HeavyHitters<Details> {
    return authenticated ? this.authenticated : this.claimed;
  }
}
