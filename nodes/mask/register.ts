import type { Node, NodeAPI, NodeDef } from "node-red";
import { Accountant, budgetFile } from "../../lib/privacy/accountant.js";
import { Mask } from "../../lib/privacy/mask.js";
import { publishesEachReading } from "../../lib/privacy/mechanism-name.js";
import { readMaskInput } from "../../lib/privacy/reading.js";
import { type Clock, ReleaseTimer } from "../../lib/privacy/release-timer.js";
import { SensorRegistry } from "../../lib/privacy/sensor-registry.js";
import { parseMaskSettings } from "../../lib/privacy/settings.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { runStage } from "../common/stage.js";
import { serveCalibration } from "./calibration-endpoint.js";
import { MaskStatus } from "./mask-status.js";
import { alarmMessages, maskOutputs } from "./outputs.js";

/**
 * Releases booked at once where every reading is published: a write per reading would be slower than the stream.
 * At full speed this is one write a second. A crash over-counts by as many at most; it never under-counts.
 */
const BOOKED_AHEAD = 10_000;

/** Every mask of this process. */
const sensors = new SensorRegistry();

type MaskConfig = NodeDef & Record<string, unknown>;

/** @param clock the system's, except in tests. */
export function registerMask(RED: NodeAPI, clock: Clock): void {
  serveCalibration(RED);

  RED.nodes.registerType("redoubt-mask", function (this: Node, config: MaskConfig) {
    RED.nodes.createNode(this, config);
    const watch = sensors.watch(config.name || this.id);
    this.on("close", () => watch.close());
    let mask: Mask;
    let accountant: Accountant | undefined;
    let accountProblem: Error | undefined;
    try {
      const settings = parseMaskSettings(config);
      const ahead = publishesEachReading(settings.mechanism) ? BOOKED_AHEAD : 1;
      try {
        accountant = new Accountant(budgetFile(nodeHome(RED).state, this.id), ahead);
      } catch (error) {
        accountProblem = error as Error;
      }
      mask = new Mask(settings, accountant, watch);
    } catch (error) {
      const reason = (error as Error).message;
      failClosed(this, RED._("redoubt-mask.status.settings"), RED._("redoubt-mask.errors.settings", { reason }));
      return;
    }

    const stage = runStage(this, (msg) => {
      const reading = readMaskInput(msg, mask.settings.field);
      const { alarms, release, report, problem } = mask.accept(reading, clock.now());
      if (!mask.needsTimer && accountant) status.showReading(problem, release?.report ?? report);
      status.showShared(watch.others);
      if (!release && !report && alarms.length === 0) return undefined;
      return maskOutputs({ releases: release ? [release] : [], alarms, reports: report ? [report] : [] });
    });
    const status = new MaskStatus(this, RED, stage);

    const endInterval = (boundary: number) => {
      const end = mask.endInterval(boundary);
      if (accountant) status.showInterval(end);
      return () => this.send(maskOutputs({ ...end, alarms: [] }));
    };
    const endAlarmWindow = (windowSec: number, boundary: number) => {
      const { alarms, problem } = mask.endAlarmWindow(windowSec, boundary);
      if (problem) status.showProblem(problem);
      return alarms.length === 0 ? undefined : () => this.send([null, null, alarmMessages(alarms)]);
    };
    const every = (seconds: number, prepare: (boundary: number) => (() => void) | undefined) =>
      new ReleaseTimer(seconds * 1000, clock, (boundary) => {
        try {
          return prepare(boundary);
        } catch (error) {
          this.error(error instanceof Error ? error.message : String(error));
          return undefined;
        }
      });
    const timers = mask.alarmWindows.map((windowSec) => every(windowSec, (end) => endAlarmWindow(windowSec, end)));
    if (mask.needsTimer) timers.push(every(mask.settings.interval, endInterval));
    if (accountProblem) status.showProblem(accountProblem);

    this.on("close", () => {
      for (const timer of timers) timer.stop();
      try {
        accountant?.close();
      } catch (error) {
        this.error(RED._("redoubt-mask.errors.account", { reason: (error as Error).message }));
      }
    });
  });
}
