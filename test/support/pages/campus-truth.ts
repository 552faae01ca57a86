// A store filled with what a simulated campus did in the last day, and what is true about it.
import { join } from "node:path";
import { ensurePrivateFolder } from "../../../lib/common/files.js";
import { createKeyFile, loadKeyFile } from "../../../lib/envelope/key-file.js";
import { OccupancyStore } from "../../../lib/occupancy/occupancy-store.js";
import type { Session } from "../../../lib/occupancy/session.js";
import { Campus } from "../../../simulator/wifi/campus.js";
import { LiveCampus } from "../../../simulator/wifi/live-campus.js";

const HOUR = 3600;

/** Names of access points that pages must take for text. */
export const HOSTILE_NAMES = ['<img src=x onerror="window.hacked=1">', "__proto__", "{{ 7 * 7 }}"];

export interface Truth {
  /** Unix seconds; finished sessions alone are in it, so it stays true. */
  now: number;
  sessions: (Session & { duration: number })[];
  names: string[];
}

/** Fills the database of a home that nothing uses yet, and writes its roll-ups. */
export async function fillStore(home: string): Promise<Truth> {
  for (const folder of ["keys", "state"]) ensurePrivateFolder(join(home, folder));
  const keyFile = join(home, "keys", "occupancy.key");
  createKeyFile(keyFile, "aes-256");
  const now = Math.floor(Date.now() / 1000);
  const campus = new Campus({ seed: 5, accessPoints: 40, devices: 400 });
  const live = new LiveCampus(campus, 4000, now - 25 * HOUR);
  const name = (number: number) => campus.building.accessPoints[number]?.name ?? "";
  const finished = live.advance(now).filter(({ kind }) => kind === "leave");
  const sessions = finished.map(({ session: { mac, accessPoint, start, duration } }) => {
    return { mac, ap: name(accessPoint), start, duration };
  });
  for (const [i, ap] of HOSTILE_NAMES.entries()) {
    for (let device = 0; device < 6 + i; device++) {
      sessions.push({ mac: `02:00:00:bb:0${i}:0${device}`, ap, start: now - 3 * HOUR, duration: 2 * HOUR });
    }
  }
  const store = OccupancyStore.open({
    store: { kind: "sqlite", path: join(home, "state", "occupancy.db") },
    masters: loadKeyFile(keyFile, ["aes-256"]).all,
  });
  const written = store.ingest(sessions);
  await store.flush();
  await written;
  await store.rollUp(now - 26 * HOUR, now);
  await store.close();
  return { now, sessions, names: [...new Set(sessions.map(({ ap }) => ap))].sort() };
}

/** Distinct devices at access points within [from, to). */
export function deviceCount({ sessions }: Truth, names: readonly string[], from: number, to: number): number {
  const wanted = new Set(names);
  const found = sessions.filter((s) => wanted.has(s.ap) && s.start < to && s.start + s.duration > from);
  return new Set(found.map(({ mac }) => mac)).size;
}

/** The device with most sessions in some hours that are over. */
export function devicesIn(truth: Truth): { mac: string; from: number; to: number } {
  const to = Math.floor((truth.now - HOUR) / HOUR) * HOUR;
  const from = to - 20 * HOUR;
  const counts = new Map<string, number>();
  for (const { mac, start } of truth.sessions) {
    if (start > from && start < to) counts.set(mac, (counts.get(mac) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return { mac: most?.[0] ?? "", from, to };
}

/** A device's stays within [from, to), those at one access point without a gap as one. */
export function staysIn({ sessions }: Truth, mac: string, from: number, to: number) {
  const own = sessions
    .filter((s) => s.mac === mac && s.start < to && s.start + s.duration > from)
    .map(({ ap, start, duration }) => ({ ap, start, end: start + duration }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const stays: typeof own = [];
  for (const stay of own) {
    const last = stays.findLast(({ ap }) => ap === stay.ap);
    if (last?.end === stay.start && stay.end > stay.start) last.end = stay.end;
    else stays.push(stay);
  }
  return stays;
}
