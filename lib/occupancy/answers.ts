import { OPEN_DURATION, type SessionRecord } from "./record.js";

/** A stay as it counts: the longest of equal sessions, an open one until its limit. */
export interface Stay {
  /** 6 bytes as a number. */
  mac: number;
  start: number;
  end: number;
  /** The 25 bytes of the access point's field as latin1. */
  ap: string;
  isOpen: boolean;
}

/** How open sessions end as long as nothing is known. */
export interface OpenLimit {
  /** Now, Unix seconds. */
  now: number;
  /** An open session lasts at most this long, seconds. */
  openSec: number;
}

/**
 * The stays behind records, each once: equal MAC, start and access point is one session, whose final record wins over
 * the open one and the longest final one over shorter ones.
 */
export function staysOf(records: Iterable<SessionRecord>, { now, openSec }: OpenLimit): Stay[] {
  const stays = new Map<string, Stay>();
  for (const { mac, start, duration, ap } of records) {
    const isOpen = duration === OPEN_DURATION;
    const end = isOpen ? Math.max(start, Math.min(start + openSec, now)) : start + duration;
    const field = ap.toString("latin1");
    const stay: Stay = { mac: mac.readUIntBE(0, 6), start, end, ap: field, isOpen };
    const name = `${stay.mac}|${start}|${field}`;
    const known = stays.get(name);
    if (!known || (known.isOpen && !isOpen) || (known.isOpen === isOpen && end > known.end)) stays.set(name, stay);
  }
  return [...stays.values()];
}

/** `start < to` and `start + duration > from`: what the query counts, as in SQL over plaintext. */
export function overlaps({ start, end }: { start: number; end: number }, from: number, to: number): boolean {
  return start < to && end > from;
}

/** The distinct MACs that overlap, without the names that only {@link staysOf} needs: there may be millions of records. */
export function countDevices(records: readonly SessionRecord[], from: number, to: number, limit: OpenLimit): number {
  const devices = new Set<number>();
  let open = 0;
  for (const { mac, start, duration } of records) {
    if (duration === OPEN_DURATION) open++;
    else if (start < to && start + duration > from) devices.add(mac.readUIntBE(0, 6));
  }
  if (open === 0) return devices.size;
  for (const stay of staysOf(records, limit)) if (stay.isOpen && overlaps(stay, from, to)) devices.add(stay.mac);
  return devices.size;
}
