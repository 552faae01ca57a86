import { forgedSources } from "../support/forged-sources.js";
import type { Drill } from "./drill.js";

const SOURCES = 1_000_000;
const REDUCED_SOURCES = 200_000;

export const forgedSourcesDrill: Drill = {
  name: "forged-sources",
  summary: `${SOURCES} forged sources (${REDUCED_SOURCES}) and one slow scanner: it stays in sight, the tables small`,
  async run({ reduced, seed }) {
    const count = reduced ? REDUCED_SOURCES : SOURCES;
    const { sources, evictedSources } = forgedSources(count, seed);
    return `${count} forged sources: ${sources} followed, ${evictedSources} let go, the flood and the scanner found`;
  },
};
