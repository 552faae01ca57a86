import { brokerPreauth } from "./broker-preauth.js";
import { decoderFuzz } from "./decoder-fuzz.js";
import { demoSoak } from "./demo-soak.js";
import type { Drill } from "./drill.js";
import { hostileMessages } from "./hostile-messages.js";
import { maskKill } from "./mask-kill.js";
import { millionClients } from "./million-clients.js";
import { startStop } from "./start-stop.js";

/** Every drill, by name. */
export const drills: ReadonlyMap<string, Drill> = new Map(
  [maskKill, hostileMessages, decoderFuzz, brokerPreauth, demoSoak, startStop, millionClients].map((drill) => [
    drill.name,
    drill,
  ]),
);
