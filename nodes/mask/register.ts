import type { Node, NodeAPI, NodeDef } from "node-red";
import { Accountant, budgetFile } from "../../lib/privacy/accountant.js";
import { type IntervalEnd, Mask, type Release } from "../../lib/privacy/mask.js";
import { readMaskInput } from "../../lib/privacy/reading.js";
import { type Clock, ReleaseTimer } from "../../lib/privacy/release-timer.js";
import { parseMaskSettings } from "../../lib/privacy/settings.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { runStage, type StageMessage } from "../common/stage.js";
import { serveCalibration } from "./calibration-endpoint.js";

/**
 * Releases booked at once where every reading is published: a write per reading would be slower than the stream.
 * At full speed this is one write a second. A crash over-counts by as many at most; it never under-counts.
 */
const BOOKED_AHEAD = 10_000;

type MaskConfig = NodeDef & Record<string, unknown>;

/** New messages, so that nothing of the raw one (topic, flags, device) travels with a masked value. */
function fresh(properties: { payload: unknown; privacy?: unknown }): StageMessage {
  return properties as StageMessage;
}

function maskedMessages(releases: Release[]): StageMessage[] {
  return releases.map(({ payload, privacy }) => fresh({ payload, privacy }));
}

function reportMessages(releases: Release[]): StageMessage[] {
  return releases.map(({ report }) => fresh({ payload: report }));
}

/** @param clock the system's, except in tests. */
export function registerMask(RED: NodeAPI, clock: Clock): void {
  serveCalibration(RED);

  RED.nodes.registerType("redoubt-mask", function (this: Node, config: MaskConfig) {
    RED.nodes.createNode(this, config);
    let mask: Mask;
    let accountant: Accountant | undefined;
    let accountProblem: Error | undefined;
    try {
      const settings = parseMaskSettings(config);
      const ahead = settings.mechanism === "gaussian-window" ? 1 : BOOKED_AHEAD;
      try {
        accountant = new Accountant(budgetFile(nodeHome(RED).state, this.id), ahead);
      } catch (error) {
        accountProblem = error as Error;
      }
      mask = new Mask(settings, accountant);
    } catch (error) {
      const reason = (error as Error).message;
      failClosed(this, RED._("redoubt-mask.status.settings"), RED._("redoubt-mask.errors.settings", { reason }));
      return;
    }

    let shownProblem: string | undefined;
    const showProblem = (problem: Error | undefined) => {
      if (problem && problem.message !== shownProblem) {
        this.error(RED._("redoubt-mask.errors.account", { reason: problem.message }));
        stage.setState({ fill: "red", shape: "ring", text: RED._("redoubt-mask.status.account") });
      } else if (!problem && shownProblem) {
        stage.setState(undefined);
      }
      shownProblem = problem?.message;
    };
    const showInterval = ({ releases, withheld, problem }: IntervalEnd) => {
      showProblem(problem);
      if (problem) return;
      if (releases.length === 0) {
        stage.setState({ fill: "yellow", shape: "ring", text: RED._("redoubt-mask.status.no-data") });
      } else if (withheld.length > 0) {
        stage.setState({ fill: "yellow", shape: "dot", text: RED._("redoubt-mask.status.withheld") });
      } else {
        stage.setState(undefined);
      }
    };

    const stage = runStage(this, (msg) => {
      const reading = readMaskInput(msg, mask.settings.field);
      const { alarms, release, problem } = mask.accept(reading, clock.now());
      if (!mask.needsTimer && accountant) showProblem(problem);
      if (!release && alarms.length === 0) return undefined;
      const releases = release ? [release] : [];
      return [
        maskedMessages(releases),
        null,
        alarms.map((alarm) => fresh({ payload: alarm })),
        reportMessages(releases),
      ];
    });

    const endInterval = (boundary: number) => {
      try {
        const end = mask.endInterval(boundary);
        if (accountant) showInterval(end);
        if (end.releases.length > 0) {
          this.send([maskedMessages(end.releases), null, null, reportMessages(end.releases)]);
        }
      } catch (error) {
        this.error(error instanceof Error ? error.message : String(error));
      }
    };
    const timer = mask.needsTimer ? new ReleaseTimer(mask.settings.interval * 1000, clock, endInterval) : undefined;
    if (accountProblem) showProblem(accountProblem);

    this.on("close", () => {
      timer?.stop();
      try {
        accountant?.close();
      } catch (error) {
        this.error(RED._("redoubt-mask.errors.account", { reason: (error as Error).message }));
      }
    });
  });
}
