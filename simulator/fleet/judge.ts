import type { MqttClient } from "mqtt";
import { isJsonObject } from "../../lib/common/json.js";
import type { Truth } from "./truth.js";

export const ALERT_TOPIC = "security/alert";

const DIGEST = /^[0-9a-f]{16}$/;

/** What an alert says of a message. */
export interface Alert {
  /** Undefined where the monitor leaves out what seed 004 did not have. */
  digest: string | undefined;
  isAnomaly: boolean;
  type: string | null;
}

/** Reads an alert as the monitor publishes it; undefined for anything else. */
export function readAlert(bytes: Buffer): Alert | undefined {
  let alert: unknown;
  try {
    alert = JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
  if (!isJsonObject(alert) || (alert.status !== "normal" && alert.status !== "anomaly")) return undefined;
  const { digest, status, type } = alert;
  return {
    digest: typeof digest === "string" && DIGEST.test(digest) ? digest : undefined,
    isAnomaly: status === "anomaly",
    type: typeof type === "string" ? type : null,
  };
}

/** Listens to the monitor's alerts and writes them beside the truth. */
export class Judge {
  /** Alerts that cannot be matched to a message because they carry no digest. */
  withoutDigest = 0;
  received = 0;
  anomalies = 0;

  constructor(private readonly truth: Truth) {}

  /** @throws {Error} where the broker refuses the subscription. */
  async listen(client: MqttClient): Promise<void> {
    client.on("message", (_topic, bytes) => this.hear(bytes, Date.now()));
    const [granted] = await client.subscribeAsync(ALERT_TOPIC, { qos: 0 });
    if (!granted || granted.qos > 2) throw new Error(`the broker refuses the subscription to ${ALERT_TOPIC}`);
  }

  /** @param at arrival, milliseconds since the Unix epoch. */
  hear(bytes: Buffer, at: number): void {
    const alert = readAlert(bytes);
    if (!alert) return;
    this.received++;
    if (alert.isAnomaly) this.anomalies++;
    if (alert.digest === undefined) this.withoutDigest++;
    else this.truth.judge(alert.digest, { at, isAnomaly: alert.isAnomaly, type: alert.type });
  }
}
