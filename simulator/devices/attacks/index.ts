import type { GatewayAttackName } from "../attack-names.js";
import type { GatewayAttack } from "./context.js";
import { forgedCounter, framing, idSuffix } from "./identities.js";
import { poisonedBatch } from "./poisoned-batch.js";
import { duplicateAtOnce, replayFromFirst } from "./replays.js";

export const ATTACKS_BY_NAME: Readonly<Record<GatewayAttackName, GatewayAttack>> = {
  "replay-from-1": replayFromFirst,
  duplicate: duplicateAtOnce,
  "id-suffix": idSuffix,
  "forged-counter": forgedCounter,
  framing,
  "poisoned-batch": poisonedBatch,
};
