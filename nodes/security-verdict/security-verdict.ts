import { createHash } from "node:crypto";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { Rejection } from "../../lib/common/rejection.js";
import { type Evidence, judge } from "../../lib/verdict/rules.js";
import { ALERT_TOPIC, verdictAlert } from "../../lib/verdict/seed-alert.js";
import { DEFAULT_VERDICT_SETTINGS, UNPROVED_POLICIES, type VerdictSettings } from "../../lib/verdict/settings.js";
import { VerdictIds } from "../../lib/verdict/verdict-ids.js";
import { failClosed } from "../common/fail-closed.js";
import { numberSetting } from "../common/number-setting.js";
import { runStage, type StageMessage } from "../common/stage.js";

interface SecurityVerdictConfig extends NodeDef {
  maxTemperature: string | number;
  minHumidity: string | number;
  floodRate: string | number;
  unproved: string;
  publish: "all" | "anomalies" | "nothing";
  appended: boolean;
}

function settingsOf(config: SecurityVerdictConfig): VerdictSettings {
  const { maxTemperature, minHumidity, floodRate } = DEFAULT_VERDICT_SETTINGS;
  const unproved = UNPROVED_POLICIES.find(
    (policy) => policy === (config.unproved || DEFAULT_VERDICT_SETTINGS.unproved),
  );
  if (!unproved) throw new Error(`Unproved senders must be one of ${UNPROVED_POLICIES.join(", ")}`);
  return {
    maxTemperature: numberSetting("Highest temperature", config.maxTemperature, maxTemperature, -273.15, 10_000),
    minHumidity: numberSetting("Lowest humidity", config.minHumidity, minHumidity, 0, 100),
    floodRate: numberSetting("Flood", config.floodRate, floodRate, 1, 1_000_000),
    unproved,
  };
}

/** Stays the same over restarts and deploys, and says nothing about the flow. */
function monitorName(nodeId: string): string {
  return createHash("sha256").update(`redoubt/monitor/${nodeId}`).digest("hex").slice(0, 12);
}

/** What `mqtt in` notes about a message, and `mqtt out` would repeat on the alert: a sender could make it retained. */
const MQTT_PROPERTIES = [
  "retain",
  "qos",
  "responseTopic",
  "correlationData",
  "contentType",
  "messageExpiryInterval",
  "payloadFormatIndicator",
  "topicAlias",
  "userProperties",
];

function dropMqttProperties(msg: StageMessage): void {
  const properties = msg as unknown as Record<string, unknown>;
  for (const name of MQTT_PROPERTIES) if (name in properties) delete properties[name];
}

function evidenceOf({ received, payload, device, traffic, anomaly, rejected }: StageMessage): Evidence {
  if (!received) {
    throw new Rejection("SCHEMA", "the message has no msg.received: put a verify node before this one");
  }
  return {
    received,
    payload,
    ...(device ? { device } : {}),
    ...(traffic ? { traffic } : {}),
    ...(anomaly ? { anomaly } : {}),
    ...(rejected ? { rejected } : {}),
  };
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-security-verdict", function (this: Node, config: SecurityVerdictConfig) {
    RED.nodes.createNode(this, config);
    let settings: VerdictSettings;
    try {
      settings = settingsOf(config);
    } catch (error) {
      failClosed(this, RED._("redoubt-security-verdict.status.settings"), (error as Error).message);
      return;
    }
    const ids = new VerdictIds();
    const monitor = config.appended === false ? undefined : monitorName(this.id);
    const publishesNothing = config.publish === "nothing";
    const publishesAll = config.publish !== "anomalies";

    runStage(this, (msg) => {
      const verdict = judge(evidenceOf(msg), settings, ids.next());
      msg.verdict = verdict;
      // The message stays as it is: no alert is written that nobody reads, nor the reading put by for later.
      if (publishesNothing) return msg;
      dropMqttProperties(msg);
      msg.topic = ALERT_TOPIC;
      msg.payload = verdictAlert(verdict, monitor);
      if (!publishesAll && verdict.status === "normal") return msg;
      // A message of its own, since the first one is larger and would be copied.
      const alert = { topic: ALERT_TOPIC, payload: msg.payload, verdict } as unknown as StageMessage;
      return [msg, null, alert];
    });
  });
};
