import { MAX_DURATION_SEC, type Session } from "../session.js";
import type { WifiEvent } from "./event.js";

interface Stay {
  ap: string;
  start: number;
}

const DEFAULT_DEVICES = 100_000;

/**
 * Makes sessions of the events of devices, which are at one access point at a time:
 * - a join begins a session, `"open"` at first; a join elsewhere ends the one before it (roaming without a leave);
 * - a leave ends the session at its access point, or, where the controller says how long it was, stands for itself;
 * - another join at the same access point is the same session, since controllers repeat it when keys are renewed;
 * - a join that arrives late makes a session that lasts until the one which is known;
 * - a leave that fits nothing is dropped and counted.
 *
 * What is open is known in memory: after a restart a leave without a duration fits nothing, and its session stays open.
 */
export class EventSessions {
  private readonly stays = new Map<string, Stay>();
  /** Leaves that fit no session. */
  unmatched = 0;

  /** @param maxDevices beyond so many the device that was heard longest ago is forgotten. */
  constructor(private readonly maxDevices = DEFAULT_DEVICES) {}

  /** Devices that are somewhere now. */
  get open(): number {
    return this.stays.size;
  }

  /** @returns what is known by this event, in the order of time; an open session comes again when it has ended. */
  take(event: WifiEvent): Session[] {
    return event.kind === "join" ? this.join(event) : this.leave(event);
  }

  private join({ mac, ap, time }: WifiEvent): Session[] {
    const stay = this.stays.get(mac);
    if (!stay) {
      this.remember(mac, { ap, start: time });
      return [{ mac, ap, start: time, duration: "open" }];
    }
    if (stay.ap === ap) {
      this.remember(mac, stay);
      return [];
    }
    if (time < stay.start) return [ended(mac, ap, time, stay.start)];
    this.remember(mac, { ap, start: time });
    return [ended(mac, stay.ap, stay.start, time), { mac, ap, start: time, duration: "open" }];
  }

  private leave({ mac, ap, time, duration }: WifiEvent): Session[] {
    const stay = this.stays.get(mac);
    if (stay && stay.ap === ap && time >= stay.start) {
      this.stays.delete(mac);
      return [ended(mac, ap, stay.start, time)];
    }
    // The controller's own duration tells of a session whose join was not heard; one that roamed away has ended already.
    const start = time - (duration ?? 0);
    if (duration !== undefined && start >= 0 && (!stay || time <= stay.start)) return [{ mac, ap, start, duration }];
    this.unmatched++;
    return [];
  }

  private remember(mac: string, stay: Stay): void {
    this.stays.delete(mac);
    this.stays.set(mac, stay);
    if (this.stays.size <= this.maxDevices) return;
    for (const oldest of this.stays.keys()) {
      this.stays.delete(oldest);
      return;
    }
  }
}

function ended(mac: string, ap: string, start: number, end: number): Session {
  return { mac, ap, start, duration: Math.min(end - start, MAX_DURATION_SEC) };
}
