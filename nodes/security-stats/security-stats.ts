import type { Node, NodeAPI, NodeDef } from "node-red";
import { SecurityMonitor } from "../../lib/monitor/security-monitor.js";
import { StateFile } from "../../lib/monitor/state-file.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { numberSetting } from "../common/number-setting.js";
import { MAX_PERIOD, MIN_PERIOD, SnapshotFeed } from "../common/snapshot-feed.js";
import { runStage, type StageResult } from "../common/stage.js";
import { StateSaver } from "../common/state-saver.js";
import { readInput, type StatsInput, type StatsMessage } from "./input.js";
import { StatsOutputs } from "./outputs.js";
import { snapshotStatus } from "./status.js";

interface SecurityStatsConfig extends NodeDef {
  /** Seconds between snapshots. */
  every: string | number;
  operatorsOnly?: boolean;
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-security-stats", function (this: Node, config: SecurityStatsConfig) {
    RED.nodes.createNode(this, config);
    let seconds: number;
    try {
      const name = RED._("redoubt-security-stats.label.every");
      seconds = numberSetting(name, config.every, MIN_PERIOD, MIN_PERIOD, MAX_PERIOD);
    } catch (error) {
      failClosed(this, RED._("redoubt-security-stats.status.period"), (error as Error).message);
      return;
    }

    const file = new StateFile(nodeHome(RED).state, this.id);
    const { state, problem } = file.load();
    if (problem) this.warn(RED._("redoubt-security-stats.errors.state", { problem }));
    const monitor = new SecurityMonitor(Date.now(), state);
    const outputs = new StatsOutputs(config.operatorsOnly ?? true);
    const saver = new StateSaver(
      () => file.save(monitor.state()),
      (reason) => this.warn(RED._("redoubt-security-stats.errors.save", { reason })),
    );

    const take = (input: StatsInput, now: number, msg: StatsMessage): StageResult => {
      switch (input.kind) {
        case "verdict":
          monitor.record(input.verdict, now);
          saver.changed();
          feed.changed();
          return undefined;
        case "reset":
          monitor.reset(now);
          feed.soon();
          saver.now();
          return undefined;
        case "acknowledge":
          if (!monitor.acknowledge(input.id)) return undefined;
          saver.changed();
          feed.soon();
          return undefined;
        case "select": {
          const { source, authenticated } = input.selection;
          return outputs.detail(monitor.detail(source, authenticated), input.selection, msg);
        }
        case "own-alert":
          return undefined;
      }
    };
    const stage = runStage(this, (msg) => {
      const now = Date.now();
      return take(readInput(msg, now), now, msg);
    });
    const feed = new SnapshotFeed(
      monitor,
      seconds,
      ({ rate }) => rate,
      (snapshot) => {
        stage.setState(snapshotStatus(RED, snapshot));
        this.send(outputs.snapshot(snapshot));
      },
    );

    this.on("close", () => {
      feed.stop();
      saver.close();
    });
  });
};
