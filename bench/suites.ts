import type { Suite } from "./harness/suite.js";
import { ids } from "./ids/ids.js";
import { occupancy } from "./occupancy/occupancy.js";
import { occupancyLeakage } from "./occupancy-leakage/occupancy-leakage.js";
import { pipeline } from "./pipeline/pipeline.js";
import { privacy } from "./privacy/privacy.js";
import { scoringQuality } from "./scoring-quality/scoring-quality.js";

/** Every suite of `redoubt bench`, in the order in which they run when none is named. */
export const suites: readonly Suite[] = [pipeline, scoringQuality, privacy, ids, occupancy, occupancyLeakage];
