import type { TrustLogic } from "../common/ledger-event.js";
import { applyTrust } from "./apply.js";
import { readTrustRules } from "./rules.js";

/** The trust rules in the shape that a ledger takes them. */
export const trustLogic: TrustLogic = { readRules: readTrustRules, apply: applyTrust };
