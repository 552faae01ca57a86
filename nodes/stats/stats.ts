import type { Node, NodeAPI, NodeDef } from "node-red";
import { StreamStats } from "../../lib/stats/stream-stats.js";
import type { StageMessage } from "../common/stage.js";

interface StatsConfig extends NodeDef {
  every: string | number;
  /** Comma-separated `name=msg property` pairs, e.g. `temperature=payload.temperature_C`. */
  fields: string;
  operatorsOnly: boolean;
}

interface Field {
  name: string;
  property: string;
}

const MIN_SECONDS = 0.2;
const MAX_SECONDS = 3600;

function parseFields(text: string): Field[] {
  return text
    .split(",")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name, property] = pair.split("=").map((part) => part.trim());
      if (!name || !property || name === "__proto__") throw new Error(`"${pair}" is not name=property`);
      return { name, property };
    });
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-stats", function (this: Node, config: StatsConfig) {
    RED.nodes.createNode(this, config);
    const seconds = Number(config.every);
    if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS)) {
      this.status({ fill: "red", shape: "ring", text: RED._("redoubt-stats.status.period") });
      this.error(RED._("redoubt-stats.errors.period"));
      return;
    }
    let fields: Field[];
    try {
      fields = parseFields(config.fields ?? "");
    } catch (error) {
      this.status({ fill: "red", shape: "ring", text: RED._("redoubt-stats.status.fields") });
      this.error(RED._("redoubt-stats.errors.fields", { reason: (error as Error).message }));
      return;
    }

    const stats = new StreamStats(Date.now());
    this.on("input", (message, send, done) => {
      const msg = message as StageMessage;
      try {
        if (msg.rejected) {
          stats.reject(msg.rejected.code);
        } else {
          stats.accept();
          for (const { name, property } of fields) stats.observe(name, RED.util.getMessageProperty(msg, property));
          send(msg);
        }
        done();
      } catch (error) {
        done(error as Error);
      }
    });

    const timer = setInterval(() => {
      const snapshot = stats.snapshot(Date.now());
      this.status({
        fill: snapshot.rejected > 0 ? "yellow" : "green",
        shape: snapshot.accepted > 0 ? "dot" : "ring",
        text: `${snapshot.rate.toFixed(1)}/s`,
      });
      const message = { payload: snapshot, ...(config.operatorsOnly ? { audience: "operator" } : {}) };
      this.send([null, message]);
    }, seconds * 1000);
    this.on("close", () => clearInterval(timer));
  });
};
