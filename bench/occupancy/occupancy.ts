import type { Suite, SuiteOptions, SuiteResult } from "../harness/suite.js";
import { occupancyFigures, SUITE } from "./figures.js";
import { measureOccupancy } from "./measure.js";

const SESSIONS = 1_000_000;
const EXTENT = { questions: 60, days: 60, accessPoints: 300, devices: 20_000 } as const;

async function run({ rounds, messages, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const sessions = messages ?? SESSIONS;
  const measured = await measureOccupancy({ ...EXTENT, sessions, rounds }, onProgress);
  const notes = [
    `${sessions} sessions of 60 days, 300 access points, 20,000 devices; SQLite, batches of 500, synchronous FULL`,
    `${measured.answers} answers were compared with plaintext SQL, 0 were wrong`,
  ];
  if (sessions < SESSIONS) notes.push(`no targets below ${SESSIONS} sessions`);
  return { figures: occupancyFigures(measured, sessions), notes };
}

/** What it costs that the database learns nothing, beside no encryption and beside nothing but encryption. */
export const occupancy: Suite = {
  name: SUITE,
  description: "presence and people counting over encrypted cells, beside plaintext SQL and decrypting everything",
  rounds: 5,
  run,
};
