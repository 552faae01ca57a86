import type { AttackName } from "../scenario-names.js";
import type { Attack } from "./context.js";
import { burst, forgeValues, slowDrift } from "./held-device.js";
import { malformed } from "./malformed.js";
import { replay, slowForgery, spoofedId, unknownDevice } from "./stranger.js";

/** How each scenario attacks. */
export const ATTACKS_BY_NAME: Readonly<Record<AttackName, Attack>> = {
  "high-temperature": forgeValues,
  "low-humidity": forgeValues,
  tamper: forgeValues,
  burst,
  flood: forgeValues,
  mixed: forgeValues,
  "unknown-device": unknownDevice,
  "spoofed-id": spoofedId,
  replay,
  malformed,
  "slow-drift": slowDrift,
  "slow-forgery": slowForgery,
};
