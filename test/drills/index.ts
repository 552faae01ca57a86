import { brokerPreauth } from "./broker-preauth.js";
import { brokerRestart } from "./broker-restart.js";
import { captureFuzz } from "./capture-fuzz.js";
import { chainRollback } from "./chain-rollback.js";
import { decoderFuzz } from "./decoder-fuzz.js";
import { demoSoak } from "./demo-soak.js";
import type { Drill } from "./drill.js";
import { firmwareFleetDrill } from "./firmware-fleet.js";
import { firmwareKillDrill } from "./firmware-kill.js";
import { forgedSourcesDrill } from "./forged-sources.js";
import { gatewayClockDrill } from "./gateway-clock.js";
import { gatewayDiskFullDrill } from "./gateway-disk-full.js";
import { gatewayForgeriesDrill } from "./gateway-forgeries.js";
import { gatewayFramingDrill } from "./gateway-framing.js";
import { gatewayKillDrill } from "./gateway-kill.js";
import { gatewayLoadDrill } from "./gateway-load.js";
import { gatewayOutageDrill } from "./gateway-outage.js";
import { gatewaySecretsDrill } from "./gateway-secrets.js";
import { hostileMessages } from "./hostile-messages.js";
import { idsTraining } from "./ids-training.js";
import { ledgerKill } from "./ledger-kill.js";
import { ledgerMutations } from "./ledger-mutations.js";
import { maskKill } from "./mask-kill.js";
import { millionClients } from "./million-clients.js";
import { networkBlock } from "./network-block.js";
import { networkLab } from "./network-lab.js";
import { networkNormal } from "./network-normal.js";
import { occupancyKill } from "./occupancy-kill.js";
import { occupancyMillion } from "./occupancy-million.js";
import { serverAwayDrill } from "./server-away.js";
import { spoolDamage } from "./spool-damage.js";
import { startStop } from "./start-stop.js";

/** Every drill, by name. */
export const drills: ReadonlyMap<string, Drill> = new Map(
  [
    maskKill,
    ledgerKill,
    ledgerMutations,
    chainRollback,
    hostileMessages,
    decoderFuzz,
    captureFuzz,
    forgedSourcesDrill,
    brokerPreauth,
    demoSoak,
    startStop,
    millionClients,
    gatewayForgeriesDrill,
    gatewayFramingDrill,
    gatewaySecretsDrill,
    gatewayOutageDrill,
    gatewayDiskFullDrill,
    gatewayClockDrill,
    gatewayLoadDrill,
    serverAwayDrill,
    spoolDamage,
    gatewayKillDrill,
    brokerRestart,
    idsTraining,
    networkLab,
    networkNormal,
    networkBlock,
    occupancyMillion,
    occupancyKill,
    firmwareFleetDrill,
    firmwareKillDrill,
  ].map((drill) => [drill.name, drill]),
);
