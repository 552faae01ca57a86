// Takes a gateway away while its devices go on, and looks at what they lose by it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { GatewayJudge } from "../../simulator/devices/judge/judge.js";
import { TrustOnLedger } from "../../simulator/devices/judge/trust-record.js";
import { connectGatewayDevices } from "../../simulator/devices/run-devices.js";
import { GatewayTruth } from "../../simulator/devices/truth.js";
import type { DeviceGateway } from "./device-gateway.js";

export interface Outage {
  /** Before the gateway is killed, while it is away, and afterwards; seconds. */
  before: number;
  away: number;
  after: number;
  /** Readings a second, of one device after the other. */
  ratesHz: readonly number[];
}

export interface OutageResult {
  acknowledged: number;
  /** Acknowledged by the broker and not at the server. */
  missing: number;
  refused: Record<string, number>;
  /** Losses of trust of honest devices, but for their silence. */
  losses: string[];
}

const PATIENCE_MS = 30_000;

export async function gatewayOutage(gateway: DeviceGateway, outage: Outage): Promise<OutageResult> {
  const { fleet } = gateway;
  const names = new Set(fleet.map(({ id }) => id));
  const truth = new GatewayTruth(names);
  const judge = new GatewayJudge(gateway, truth, names);
  const ledger = new TrustOnLedger(gateway.ledger);
  const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const parts = await Promise.all(
    outage.ratesHz.map((rateHz, part) =>
      connectGatewayDevices(
        fleet.filter((_, index) => index % outage.ratesHz.length === part),
        {
          ...{ url: gateway.brokerUrl, accounts: () => undefined, fleetKey: gateway.fleetKey, epochOf: () => 1 },
          ...{ flashFolder: join(gateway.folder, "flash"), rateHz, truth },
        },
      ),
    ),
  );
  try {
    for (const devices of parts) devices.start();
    await pause(outage.before);
    judge.look();
    assert.ok(truth.counts.accepted > 0, "the gateway hears its devices");
    await gateway.kill();
    await pause(outage.away);
    await gateway.boot();
    await pause(outage.after);
    for (const devices of parts) devices.stop();
    let deadline = Date.now() + PATIENCE_MS;
    for (let before = -1; truth.missing > 0 && Date.now() < deadline; before = truth.counts.accepted) {
      if (truth.counts.accepted !== before) deadline = Date.now() + PATIENCE_MS;
      await pause(0.5);
      judge.look();
    }
    return {
      acknowledged: truth.counts.acknowledged,
      missing: truth.missing,
      refused: await gateway.rejected(),
      losses: ledger
        .losses()
        .filter(({ rule }) => rule !== "HEARTBEAT_LOST")
        .map(({ device, rule, previous, score, detail }) => `${device}: ${rule}, ${previous} to ${score}, ${detail}`),
    };
  } finally {
    await Promise.all(parts.map((devices) => devices.close()));
    ledger.close();
    judge.close();
  }
}
