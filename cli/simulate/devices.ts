import { writeFileSync } from "node:fs";
import type { OwnServer } from "../../simulator/common/http-exchange.js";
import { type GatewayDevice, makeGatewayFleet, makeHeldDevices } from "../../simulator/devices/gateway-device.js";
import { type DevicesReport, devicesReport } from "../../simulator/devices/judge/report.js";
import { devicesReportText } from "../../simulator/devices/judge/report-text.js";
import { prepareDevices } from "../../simulator/devices/preparation.js";
import { runGatewayAttacks } from "../../simulator/devices/run-attacks.js";
import { connectGatewayDevices } from "../../simulator/devices/run-devices.js";
import { GatewayTruth } from "../../simulator/devices/truth.js";
import { RELOAD_MS } from "../../simulator/fleet/preparation.js";
import type { DevicesFlags } from "../commands/simulate-devices.js";
import { hostInUrl } from "../launch/answers.js";
import type { LaunchOptions } from "../launch/options.js";
import { ownCertificate } from "../launch/own-certificate.js";
import { orFail } from "./arguments.js";
import { batchTarget, flashFolderOf, judgeFiles } from "./devices-files.js";
import { type FleetBroker, fleetBroker } from "./fleet-options.js";
import { Interruption } from "./interruption.js";
import { RunProgress } from "./run-progress.js";

/** Attacks of a demonstration: few messages, with pauses. */
const GENTLE = { messages: 200, attackRateHz: 50, pauseSec: 40 };
const QUIET_SEC = 10;
const KEEP = 100;

type Prepared = ReturnType<typeof prepareDevices>;

interface Run {
  flags: DevicesFlags;
  broker: FleetBroker;
  fleet: GatewayDevice[];
  held: GatewayDevice[];
  prepared: Prepared;
  progress: RunProgress;
  interruption: Interruption;
}

function connectionOf({ flags, broker, prepared, progress }: Run) {
  const { fleetKey, accounts, epochOf } = prepared;
  return {
    ...{ url: broker.url, accounts, fleetKey, epochOf, rateHz: flags.rate },
    flashFolder: flashFolderOf(broker.options.home),
    onLine: (line: string) => progress.interrupt(line),
    onCommand: (device: string, command: string) => progress.interrupt(`${device} was told: ${command}`),
  };
}

/** The Node-RED that `redoubt start` runs with the same environment. @throws {Error} that names the certificate's file. */
function ownServer({ host, port }: LaunchOptions): OwnServer {
  const { REDOUBT_TLS_CERT, REDOUBT_TLS_KEY } = process.env;
  const address = `${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : hostInUrl(host)}:${port}`;
  if (!REDOUBT_TLS_CERT || !REDOUBT_TLS_KEY) return { origin: `http://${address}` };
  return { origin: `https://${address}`, certificate: ownCertificate(REDOUBT_TLS_CERT) };
}

/** Honest devices alone, which nobody judges. */
async function runHonest(run: Run): Promise<void> {
  const { flags, fleet, progress, interruption } = run;
  const truth = new GatewayTruth(
    fleet.map(({ id }) => id),
    { keep: KEEP },
  );
  const devices = await connectGatewayDevices(fleet, { ...connectionOf(run), truth });
  try {
    devices.start();
    const begin = Date.now();
    const seconds = () => (Date.now() - begin) / 1000;
    while (!interruption.isRequested && seconds() < (flags.duration ?? Number.POSITIVE_INFINITY)) {
      await interruption.sleep(1000);
      const { opened, refused } = devices.commands;
      const commands = `${opened} commands${refused > 0 ? `, ${refused} refused` : ""}`;
      progress.update(seconds(), `${fleet.length} devices  ${truth.counts.acknowledged} messages  ${commands}`);
    }
  } finally {
    await devices.close();
  }
}

async function runJudged(run: Run): Promise<DevicesReport> {
  const { flags, broker, fleet, held, progress, interruption } = run;
  const { home } = broker.options;
  const own = ownServer(broker.options);
  const files = judgeFiles(home, flags);
  const aborting = new AbortController();
  interruption.requested.then(() => aborting.abort());
  const record = await runGatewayAttacks(
    {
      ...connectionOf(run),
      ...{ fleet, held, files, attacks: flags.attack ?? [], seed: flags.seed, quietSec: QUIET_SEC, pauseSec: 0 },
      ...{ messages: flags.messages, attackRateHz: flags.attackRate, forever: flags.forever ?? false },
      ...(flags.forever ? GENTLE : {}),
      durationSec: flags.duration ?? 0,
      server: batchTarget(home, own, flags),
      statusUrl: flags.statusUrl ?? `${own.origin}/status`,
      own,
      onProgress: (seconds, text) => progress.update(seconds, text),
    },
    aborting.signal,
  );
  return devicesReport(record);
}

/**
 * Prepares the home, runs, removes what was temporary, and reports.
 *
 * @returns the report; undefined for a run that nobody judges.
 * @throws {CommandFailure} where something cannot be reached, read or written.
 */
export async function simulateDevices(flags: DevicesFlags, isJudged: boolean): Promise<DevicesReport | undefined> {
  const broker = fleetBroker(flags);
  const fleet = makeGatewayFleet(flags);
  const held = flags.attack ? makeHeldDevices(flags) : [];
  const progress = new RunProgress(process.stderr, flags.duration);
  const interruption = new Interruption();
  const { foreignAccounts } = broker;
  const { home } = broker.options;
  const prepared = await orFail(() =>
    prepareDevices({ home, fleet, held, ...(foreignAccounts && { foreignAccounts }) }),
  );
  try {
    if (prepared.changed) await interruption.sleep(RELOAD_MS);
    if (interruption.isRequested) return undefined;
    const run = { flags, broker, fleet, held, prepared, progress, interruption };
    if (!isJudged) {
      await orFail(() => runHonest(run));
      return undefined;
    }
    const report = await orFail(() => runJudged(run));
    progress.finish();
    if (flags.forever) return undefined;
    await orFail(() => {
      if (flags.report !== undefined) writeFileSync(flags.report, `${JSON.stringify(report, undefined, 2)}\n`);
    });
    process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : devicesReportText(report));
    return report;
  } finally {
    progress.finish();
    prepared.cleanUp();
    interruption.dispose();
  }
}
