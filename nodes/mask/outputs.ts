import type { AlarmChange } from "../../lib/privacy/group-alarms.js";
import type { Release } from "../../lib/privacy/mask.js";
import type { PrivacyReport } from "../../lib/privacy/report.js";
import type { StageMessage } from "../common/stage.js";

/** New messages, so that nothing of the raw one (topic, flags, device) travels with a masked value. */
function fresh(properties: { payload: unknown; privacy?: unknown }): StageMessage {
  return properties as StageMessage;
}

export function alarmMessages(alarms: AlarmChange[]): StageMessage[] {
  return alarms.map((alarm) => fresh({ payload: alarm }));
}

/** The node's four outputs: masked values, nothing rejected, alarms, privacy reports. */
export function maskOutputs(leaving: {
  releases: Release[];
  alarms: AlarmChange[];
  reports: PrivacyReport[];
}): (StageMessage[] | null)[] {
  const reports = [...leaving.releases.map(({ report }) => report), ...leaving.reports];
  return [
    leaving.releases.map(({ payload, privacy }) => fresh({ payload, privacy })),
    null,
    alarmMessages(leaving.alarms),
    reports.map((report) => fresh({ payload: report })),
  ];
}
