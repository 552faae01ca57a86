import type { Node, NodeAPI, NodeDef } from "node-red";
import { NetworkMonitor } from "../../lib/monitor/network/network-monitor.js";
import { NetworkStateFile } from "../../lib/monitor/state-file.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { numberSetting } from "../common/number-setting.js";
import { MAX_PERIOD, MIN_PERIOD, SnapshotFeed } from "../common/snapshot-feed.js";
import { runStage, type StageResult } from "../common/stage.js";
import { StateSaver } from "../common/state-saver.js";
import { type NetworkInput, type NetworkMessage, readNetworkInput } from "./input.js";
import { NetworkOutputs } from "./outputs.js";
import { networkStatus } from "./status.js";

interface NetworkStatsConfig extends NodeDef {
  /** Seconds between snapshots. */
  every: string | number;
  operatorsOnly?: boolean;
}

/** Adds what one of the other nodes told. */
function count(monitor: NetworkMonitor, input: NetworkInput, now: number): void {
  switch (input.kind) {
    case "flow":
      monitor.addFlow(input.flow, now);
      break;
    case "alert":
      monitor.addAlert(input.alert, now);
      break;
    case "counters":
      monitor.addCounters(input.capture, input.counters, now);
      break;
    case "act":
      monitor.addAct(input.act, input.key);
      break;
    case "refusal":
      monitor.addRefusal(input.key, input.refusal, now);
      break;
    case "firewall":
      monitor.setFirewall(input.snapshot);
  }
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-network-stats", function (this: Node, config: NetworkStatsConfig) {
    RED.nodes.createNode(this, config);
    let seconds: number;
    try {
      const name = RED._("redoubt-network-stats.label.every");
      seconds = numberSetting(name, config.every, 1, MIN_PERIOD, MAX_PERIOD);
    } catch (error) {
      failClosed(this, RED._("redoubt-network-stats.status.period"), (error as Error).message);
      return;
    }

    const file = new NetworkStateFile(nodeHome(RED).state, this.id);
    const { state, problem } = file.load();
    if (problem) this.warn(RED._("redoubt-network-stats.errors.state", { problem }));
    const monitor = new NetworkMonitor(Date.now(), state);
    const outputs = new NetworkOutputs(config.operatorsOnly ?? true);
    const saver = new StateSaver(
      () => file.save(monitor.state(Date.now())),
      (reason) => this.warn(RED._("redoubt-network-stats.errors.save", { reason })),
    );

    const take = (input: NetworkInput, now: number, msg: NetworkMessage): StageResult => {
      switch (input.kind) {
        case "reset":
          monitor.reset(now);
          feed.soon();
          saver.now();
          return undefined;
        case "acknowledge":
          if (!monitor.acknowledge(input.key)) return undefined;
          saver.changed();
          feed.soon();
          return undefined;
        case "select":
          return outputs.detail(monitor.detail(input.key), input.key, msg);
        default:
          count(monitor, input, now);
          saver.changed();
          feed.changed();
          return undefined;
      }
    };
    const stage = runStage(this, (msg) => take(readNetworkInput(msg as NetworkMessage), Date.now(), msg));
    const feed = new SnapshotFeed(
      monitor,
      seconds,
      ({ packetRate }) => packetRate,
      (snapshot) => {
        stage.setState(networkStatus(RED, snapshot));
        this.send(outputs.snapshot(snapshot));
      },
    );

    this.on("close", () => {
      feed.stop();
      saver.close();
    });
  });
};
