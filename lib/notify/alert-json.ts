import type { Alert } from "./alert.js";

/** An alert as webhooks and MQTT subscribers receive it. */
export function alertJson(alert: Alert): string {
  return JSON.stringify({ ...alert, at: new Date(alert.at).toISOString() });
}
