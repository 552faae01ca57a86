// Frames a device before a running gateway, and looks at its trust.
import assert from "node:assert/strict";
import { join } from "node:path";
import { homeAt } from "../../lib/common/home.js";
import { makeHeldDevices } from "../../simulator/devices/gateway-device.js";
import { devicesReport } from "../../simulator/devices/judge/report.js";
import { TrustOnLedger } from "../../simulator/devices/judge/trust-record.js";
import { prepareDevices } from "../../simulator/devices/preparation.js";
import { runGatewayAttacks } from "../../simulator/devices/run-attacks.js";
import type { DeviceGateway } from "./device-gateway.js";

export interface Framing {
  messages: number;
  /** By the gateway. */
  refused: number;
  before: number | undefined;
  after: number | undefined;
}

/** @throws {AssertionError} where the device lost trust, or anything was accepted in its name. */
export async function frameDevice(gateway: DeviceGateway, messages: number, seed: number): Promise<Framing> {
  const home = homeAt(gateway.home, gateway.home);
  const held = makeHeldDevices({ devices: 1, seed });
  const victim = gateway.fleet[0]?.id ?? "";
  const foreignAccounts = () => undefined;
  const { fleetKey, accounts, epochOf, cleanUp } = prepareDevices({
    home,
    fleet: gateway.fleet,
    held,
    foreignAccounts,
  });
  const ledger = new TrustOnLedger(gateway.ledger);
  try {
    await new Promise((resolve) => setTimeout(resolve, 2500));
    let before: number | undefined;
    const record = await runGatewayAttacks(
      {
        ...{
          url: gateway.brokerUrl,
          accounts,
          fleetKey,
          epochOf,
          flashFolder: join(gateway.folder, "flash"),
          rateHz: 1,
        },
        ...{ fleet: gateway.fleet, held, attacks: ["framing"], seed, messages, attackRateHz: 1000 },
        ...{ quietSec: 4, pauseSec: 0, durationSec: 0, forever: false },
        files: { store: gateway.store, ledger: gateway.ledger },
        statusUrl: `${gateway.origin}/status`,
        onProgress: (_, text) => {
          if (!text.includes("framing")) before ??= ledger.score(victim);
        },
      },
      new AbortController().signal,
    );
    const report = devicesReport(record);
    assert.ok(report.ok, JSON.stringify(report.targets.filter(({ ok }) => !ok)));
    assert.deepEqual(
      ledger.losses().filter(({ device }) => device === victim),
      [],
    );
    const [line] = report.attacks;
    const refused = Object.values(report.refusedByGateway ?? {}).reduce((sum, count) => sum + count, 0);
    return { messages: line?.messages ?? 0, refused, before, after: ledger.score(victim) };
  } finally {
    ledger.close();
    cleanUp();
  }
}
