import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecurityVerdict } from "../../../lib/common/security.js";
import { type Alert, newAlertId } from "../../../lib/notify/alert.js";
import type { Channel } from "../../../lib/notify/channel.js";

export const NOON = Date.UTC(2026, 10, 21, 12);
export const HOSTILE_NAME = "@everyone](http://evil.example) **x** `y` <@&1>\r\nBcc: all@evil.example";

export function alertOf(changes: Partial<Alert> = {}): Alert {
  return {
    id: newAlertId(),
    at: NOON,
    title: "flood from pump-1",
    text: "142 messages/s: more than 20 times the usual rate",
    severity: "warning",
    source: "pump-1",
    authenticated: true,
    type: "flood",
    topic: "iot/devices/pump-1/data",
    count: 1,
    ...changes,
  };
}

export function verdictOf(changes: Partial<SecurityVerdict> = {}): SecurityVerdict {
  return {
    id: "0123456789ab",
    at: NOON,
    status: "anomaly",
    attackType: "low-humidity",
    severity: "critical",
    source: "pump-1",
    authenticated: true,
    topic: "iot/devices/pump-1/data",
    temperature: 25.5,
    humidity: 8,
    rate: 1,
    reportedRate: null,
    size: 120,
    digest: "0011223344556677",
    score: 0.9,
    reasons: [{ detector: "forest", text: "humidity 8 %: 4.1 below the trained range" }],
    origin: "redoubt",
    ...changes,
  };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "redoubt-notify-"));
}

/** A channel that does what a test tells it and remembers what it was given. */
export class FakeChannel implements Channel {
  readonly name = "webhook";
  readonly host = "alerts.example";
  readonly sent: Alert[] = [];
  isClosed = false;

  constructor(private readonly behave: (alert: Alert, signal: AbortSignal) => Promise<string | undefined>) {}

  send(alert: Alert, signal: AbortSignal): Promise<string | undefined> {
    this.sent.push(alert);
    return this.behave(alert, signal);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** Lets what waits for promises run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
