// The decoders of the security monitor, as the fuzzer sees them.
import assert from "node:assert/strict";
import { isJsonObject, parseJsonObject } from "../../lib/common/json.js";
import { readVerdict } from "../../lib/common/read-verdict.js";
import { Rejection } from "../../lib/common/rejection.js";
import { ATTACK_TYPES, type SecurityVerdict } from "../../lib/common/security.js";
import { decodeMonitorState, encodeMonitorState } from "../../lib/monitor/monitor-state.js";
import { SecurityMonitor } from "../../lib/monitor/security-monitor.js";
import { isAlert } from "../../lib/notify/alert.js";
import { entryLine, goneLine, readQueueLines } from "../../lib/notify/queue-lines.js";
import { readAlert } from "../../lib/notify/read-alert.js";
import { sampleOf } from "../../lib/traffic/message-sample.js";
import { TrafficMeter } from "../../lib/traffic/traffic-meter.js";
import { externalVerdict } from "../../lib/verdict/external-verdict.js";
import { formatSeedAlert, parseSeedAlert, verdictAlert } from "../../lib/verdict/seed-alert.js";
import type { FuzzedDecoder } from "./fuzzed-decoders.js";

const NOW = Date.UTC(2026, 0, 1);
const READING = Buffer.from(
  '{"device_id":"hall-3","timestamp":"2026-01-01T00:00:00Z","temperature":24.5,"humidity":51}',
);

const isRejection = (error: unknown) => error instanceof Rejection;

const VERDICT: SecurityVerdict = {
  id: "0123456789ab",
  at: NOW,
  status: "anomaly",
  attackType: "replay",
  severity: "critical",
  source: "hall-3",
  authenticated: false,
  topic: "iot/devices/hall-3/data",
  temperature: 24.5,
  humidity: null,
  rate: 3,
  reportedRate: 5,
  size: 148,
  digest: "00112233445566aa",
  score: 0.5,
  rejection: "REPLAY",
  reasons: [{ detector: "rejected", text: "the message was received before" }],
  origin: "redoubt",
};

/** What the security monitor reads besides readings. */
export function securityDecoders(): FuzzedDecoder[] {
  const monitor = new SecurityMonitor(NOW);
  for (let i = 0; i < 3; i++) monitor.record({ ...VERDICT, source: `hall-${i}`, authenticated: i > 0 }, NOW + i);
  const alert = readAlert({ verdict: VERDICT }, "info", NOW) ?? assert.fail("no alert");
  const entry = { sequence: 1, queuedAt: NOW, alert };
  const meter = new TrafficMeter({ cap: 10 });
  return [
    {
      name: "alert of another monitor",
      valid: [Buffer.from(verdictAlert(VERDICT)), Buffer.from(verdictAlert(VERDICT, "0123456789ab"))],
      open(input) {
        const read = parseSeedAlert(input);
        assert.deepEqual(parseSeedAlert(formatSeedAlert(read)).client, read.client);
        const verdict = externalVerdict(read, NOW, VERDICT.id);
        assert.deepEqual(readVerdict(verdict), verdict);
        assert.ok(!verdict.authenticated && verdict.origin === "external");
      },
      isRefusal: isRejection,
    },
    {
      name: "verdict",
      valid: [Buffer.from(JSON.stringify(VERDICT))],
      open(input) {
        const verdict = readVerdict(parseJsonObject(input));
        assert.deepEqual(readVerdict(verdict), verdict);
        assert.ok(verdict.attackType === undefined || ATTACK_TYPES.includes(verdict.attackType));
      },
      isRefusal: isRejection,
    },
    {
      name: "state of the statistics",
      valid: [Buffer.from(encodeMonitorState(monitor.state()))],
      open(input) {
        const state = decodeMonitorState(input.toString());
        assert.deepEqual(new SecurityMonitor(NOW, state).state().devices.length, state.devices.length);
      },
      isRefusal: isRejection,
    },
    {
      name: "alert for people",
      valid: [Buffer.from(JSON.stringify(VERDICT)), Buffer.from('{"title":"Door is open","severity":"warning"}')],
      open(input) {
        const payload = parseJsonObject(input);
        const read = readAlert(Object.hasOwn(payload, "status") ? { verdict: payload } : { payload }, "info", NOW);
        assert.ok(read === undefined || isAlert(read));
      },
      isRefusal: isRejection,
    },
    {
      name: "queue of notifications",
      valid: [Buffer.from(`${entryLine(entry)}\n`), Buffer.from(`${entryLine(entry)}\n${goneLine(1)}\n`)],
      open(input) {
        const { entries, damaged, lines } = readQueueLines(input.toString());
        for (const { alert: read } of entries) assert.ok(isAlert(read));
        // It is always read as far as it goes; here a damaged line counts as the refusal.
        if (damaged > 0 || lines === 0) throw new Rejection("FORMAT", "a line cannot be read");
      },
      isRefusal: isRejection,
    },
    {
      name: "what traffic is measured of",
      valid: [READING],
      open(input) {
        const sample = sampleOf({ payload: input, topic: "iot/a" }, NOW);
        assert.ok(sample.source.length <= 64 && !sample.authenticated);
        const { rate, features } = meter.measure(sample);
        assert.ok(rate >= 1 && Object.values(features).every(Number.isFinite));
        if (!isJsonObject(sample.reading)) throw new Rejection("FORMAT", "measured, but not read");
      },
      isRefusal: isRejection,
    },
  ];
}
