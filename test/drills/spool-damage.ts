import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { flipBit, memoryFolder, truncateAt, writeLog } from "../support/spool-damage.js";
import type { Drill } from "./drill.js";

const FLIPS = 20_000;
const REDUCED_FLIPS = 500;

export const spoolDamage: Drill = {
  name: "spool-damage",
  summary: `truncate a spool at every byte and flip ${FLIPS} bits (${REDUCED_FLIPS}): exact prefix, no corrupt record, loss counted`,
  async run({ reduced, seed, progress }) {
    const root = memoryFolder();
    const folder = join(root, "damaged");
    try {
      const written = await writeLog(join(root, "log"), reduced ? 60 : 400, reduced ? 512 : 2048, seed);
      let truncations = 0;
      for (const [name, bytes] of written.files) {
        for (let end = 0; end <= bytes.length; end++, truncations++) await truncateAt(folder, written, name, end);
      }
      progress(`${truncations} truncations`);
      const random = new SeededRandom(seed);
      const flips = reduced ? REDUCED_FLIPS : FLIPS;
      let read = 0;
      for (let i = 1; i <= flips; i++) {
        read += await flipBit(folder, written, random);
        if (i % 2000 === 0) progress(`${i} flips`);
      }
      assert.ok(read > 0, "records before the damage are read");
      return `${truncations} truncations, ${flips} flips of ${written.files.size} segments, 0 corrupt records accepted`;
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
};
