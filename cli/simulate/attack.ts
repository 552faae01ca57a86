import { writeFileSync } from "node:fs";
import { makeFleet } from "../../simulator/fleet/device.js";
import { ALERT_TOPIC } from "../../simulator/fleet/judge.js";
import { prepareAttack, RELOAD_MS } from "../../simulator/fleet/preparation.js";
import { evaluate } from "../../simulator/fleet/report/evaluate.js";
import { reportHtml } from "../../simulator/fleet/report/html.js";
import type { AttackReport } from "../../simulator/fleet/report/report.js";
import { reportText } from "../../simulator/fleet/report/text.js";
import { type AttackProgress, type AttackRecord, heldDevices, runAttack } from "../../simulator/fleet/run-attack.js";
import { type TrainedTemperature, trainedTemperature } from "../../simulator/fleet/training-rows.js";
import { TruthFile } from "../../simulator/fleet/truth-file.js";
import type { AttackFlags } from "../commands/simulate-attack.js";
import { CommandFailure } from "../failure.js";
import { orFail } from "./arguments.js";
import type { AttackPlan } from "./attack-plan.js";
import { fleetBroker } from "./fleet-options.js";
import { Interruption } from "./interruption.js";
import { RunProgress } from "./run-progress.js";

function progressLine({ running, sent, judged, anomalies }: AttackProgress): string {
  const scenarios = running.length === 0 ? "normal" : running.join(", ");
  return `${sent} messages  ${judged} verdicts  ${anomalies} anomalies  ${scenarios}`;
}

function show(progress: RunProgress, state: AttackProgress): void {
  const line = progressLine(state);
  if (state.began) progress.announce(state.seconds, `${state.began} begins  ${line}`);
  else progress.update(state.seconds, line);
}

/** Four hex digits that no run within the next 18 hours has again. */
function runName(): string {
  return (Math.floor(Date.now() / 1000) & 0xffff).toString(16).padStart(4, "0");
}

/** Attacks until the end or an interruption; undefined when that came before the attack began. */
async function run(
  flags: AttackFlags,
  plan: AttackPlan,
  trained: TrainedTemperature,
): Promise<AttackRecord | undefined> {
  const { options, url, foreignAccounts } = fleetBroker(flags);
  const { seed, prefix, rate, truth: truthPath } = flags;
  const { durationSec, settings, scenarios } = plan;
  const fleet = makeFleet(flags);
  const held = heldDevices(scenarios, settings, seed, { prefix, run: runName() });
  const interruption = new Interruption();
  const progress = new RunProgress(process.stderr, durationSec);
  const say = (line: string) => progress.interrupt(line);
  const home = { home: options.home, fleet, ...(foreignAccounts && { foreignAccounts }) };
  const prepared = prepareAttack(home, [...held.values()].flat());
  const truthFile = truthPath === undefined ? undefined : new TruthFile(truthPath, say);
  try {
    await interruption.sleep(RELOAD_MS);
    if (interruption.isRequested) return undefined;
    const running = await runAttack({
      ...{ url, fleet, held, settings, seed, schedule: plan.schedule, rateHz: rate, trained },
      ...{ accounts: prepared.accounts, fleetKey: prepared.fleetKey },
      ...(durationSec !== undefined && { durationSec }),
      ...(truthFile && { truth: { onMessage: (message) => truthFile.write(message) } }),
      onLine: say,
      onProgress: (state) => show(progress, state),
    });
    // What goes wrong while stopping is thrown below.
    interruption.requested.then(() => running.stop()).catch(() => undefined);
    return await running.ended;
  } finally {
    progress.finish();
    prepared.cleanUp();
    await truthFile?.close();
    interruption.dispose();
  }
}

/**
 * Prepares, attacks, removes what was temporary, and reports.
 *
 * @returns the report; undefined for a run without end, which has none.
 * @throws {CommandFailure} where something cannot be reached or written, or no monitor answered.
 */
export async function attack(flags: AttackFlags, plan: AttackPlan): Promise<AttackReport | undefined> {
  const trained = trainedTemperature(flags.devices, flags.seed);
  const record = await orFail(() => run(flags, plan, trained));
  if (!record || plan.durationSec === undefined) return undefined;
  const report = evaluate(record, { seed: flags.seed, trained });
  await orFail(() => {
    if (flags.report !== undefined) writeFileSync(flags.report, `${JSON.stringify(report, undefined, 2)}\n`);
    if (flags.html !== undefined) writeFileSync(flags.html, reportHtml(report));
  });
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : reportText(report));
  if (record.alerts.received === 0) {
    throw new CommandFailure(`not one alert came on ${ALERT_TOPIC}: is the security monitor running on this broker?`);
  }
  return report;
}
