// Fills the file system that a gateway's home is on, while its devices go on, and looks at what is lost by it.
import assert from "node:assert/strict";
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeExport } from "../../lib/ledger/export/write-export.js";
import { Ledger } from "../../lib/ledger/ledger.js";
import { verifyExport } from "../../lib/ledger/verify/verify-export.js";
import { trustLogic } from "../../lib/trust/logic.js";
import { TrustReplay } from "../../lib/trust/replay.js";
import { GatewayJudge } from "../../simulator/devices/judge/judge.js";
import { TrustOnLedger } from "../../simulator/devices/judge/trust-record.js";
import { connectGatewayDevices } from "../../simulator/devices/run-devices.js";
import { GatewayTruth } from "../../simulator/devices/truth.js";
import type { DeviceGateway } from "./device-gateway.js";

/** Size of the file system that the drill needs, MiB. */
export const SMALL_HOME_MIB = 24;
/** Left for the devices to fill, bytes. */
const LEFT_BYTES = 131_072;
const CHUNK_BYTES = 4096;
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 250;

export interface DiskFullResult {
  /** Messages that the broker acknowledged to the devices. */
  acknowledged: number;
  missing: number;
  refused: Record<string, number>;
  losses: string[];
  /** What `/readyz` gave as reasons while the disk was full. */
  reasons: Set<string>;
  /** Entries of the ledger, all verified. */
  entries: number;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes all of a file system but `left` bytes. */
function fill(file: string, folder: string, left: number): void {
  const handle = openSync(file, "a");
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(folder);
      const bytes = Math.min(bavail * bsize - left, 256 * CHUNK_BYTES);
      if (bytes <= 0) return;
      writeSync(handle, Buffer.alloc(bytes));
    }
  } catch (error) {
    // Others may have been faster.
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(handle);
  }
}

/** Why the gateway says that it is not ready, part by part; empty while it is. */
async function notReady(gateway: DeviceGateway): Promise<string[]> {
  const { code, body } = await gateway.answer("/readyz");
  assert.equal(code, body.ready ? 200 : 503);
  const parts = body.parts as { part: string; ready: boolean; reason?: string }[];
  return parts.filter(({ ready }) => !ready).map(({ part, reason }) => `${part}: ${reason}`);
}

function verifiedEntries(gateway: DeviceGateway): number {
  const path = gateway.ledger;
  const keyPath = join(gateway.home, "keys", "ledger.pem");
  const ledger = Ledger.open({ path, keyPath, origin: "redoubt.local/device-gateway", trust: trustLogic });
  try {
    const folder = join(gateway.folder, "export");
    writeExport(ledger, folder);
    const report = verifyExport(folder, { trust: new TrustReplay(), vkey: ledger.vkey });
    assert.equal(report.entries, ledger.size);
    return report.entries;
  } finally {
    ledger.close();
  }
}

/**
 * Fills the disk `rounds` times. In every second round the gateway is killed with SIGKILL while nothing can be written:
 * what it had acknowledged without writing it would be gone.
 *
 * @param fullMs how long it stays full each time, milliseconds.
 * @throws {AssertionError} where the gateway does not say that its disk is full, or the ledger does not verify.
 */
export async function gatewayDiskFull(
  gateway: DeviceGateway,
  rounds: number,
  fullMs: number,
  onProgress: (line: string) => void = () => {},
): Promise<DiskFullResult> {
  const { fleet } = gateway;
  const names = new Set(fleet.map(({ id }) => id));
  const truth = new GatewayTruth(names);
  const judge = new GatewayJudge(gateway, truth, names);
  const ledger = new TrustOnLedger(gateway.ledger);
  const ballast = join(gateway.home, "ballast");
  const reasons = new Set<string>();
  const devices = await connectGatewayDevices(fleet, {
    ...{ url: gateway.brokerUrl, accounts: () => undefined, fleetKey: gateway.fleetKey, epochOf: () => 1 },
    ...{ flashFolder: join(gateway.folder, "flash"), rateHz: 4, truth },
  });
  const untilArrived = async () => {
    let deadline = Date.now() + PATIENCE_MS;
    for (let before = -1; truth.missing > 0 && Date.now() < deadline; before = truth.counts.accepted) {
      if (truth.counts.accepted !== before) deadline = Date.now() + PATIENCE_MS;
      await pause(LOOK_EVERY_MS);
      judge.look();
    }
  };
  try {
    devices.start();
    for (let round = 0; round < rounds; round++) {
      await pause(2000);
      judge.look();
      fill(ballast, gateway.home, LEFT_BYTES);
      const deadline = Date.now() + PATIENCE_MS;
      let problems: string[] = [];
      while (!problems.some((problem) => /ENOSPC|no space left/.test(problem))) {
        assert.ok(Date.now() < deadline, `the gateway does not say that its disk is full, but: ${problems.join("; ")}`);
        await pause(LOOK_EVERY_MS);
        problems = await notReady(gateway);
      }
      // The last bytes too: what needs few must not get by where others do not.
      fill(ballast, gateway.home, 0);
      await pause(fullMs);
      for (const problem of await notReady(gateway)) reasons.add(problem);
      const { status } = (await gateway.answer("/status")).body;
      assert.equal(status, "degraded");
      const isKilled = round % 2 === 1;
      if (isKilled) await gateway.kill();
      rmSync(ballast);
      if (isKilled) await gateway.boot();
      const freed = Date.now();
      while ((await notReady(gateway)).length > 0) {
        assert.ok(Date.now() < freed + PATIENCE_MS, `not ready again: ${(await notReady(gateway)).join("; ")}`);
        await pause(LOOK_EVERY_MS);
      }
      onProgress(`${round + 1} of ${rounds}, ${truth.counts.acknowledged} acknowledged, ${truth.missing} on their way`);
    }
    devices.stop();
    await untilArrived();
    const refused = await gateway.rejected();
    const losses = ledger
      .losses()
      .map(({ device, rule, previous, score, detail }) => `${device}: ${rule}, ${previous} to ${score}, ${detail}`);
    return {
      ...{ acknowledged: truth.counts.acknowledged, missing: truth.missing, refused, losses, reasons },
      entries: await gateway.stopped(() => verifiedEntries(gateway)),
    };
  } finally {
    await devices.close();
    ledger.close();
    judge.close();
  }
}
