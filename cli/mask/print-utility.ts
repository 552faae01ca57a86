import type { AlarmQuality } from "../../lib/privacy/episodes.js";
import type { UtilityReport } from "../../lib/privacy/utility.js";

const number = (value: number | null, digits = 3) => (value === null ? "-" : value.toFixed(digits));
const percent = (share: number | null) => (share === null ? "-" : `${(100 * share).toFixed(1)} %`);

function qualityLine(what: string, { alarms, recall, falseAlarms, falseAlarmsPerDay, medianDelaySec }: AlarmQuality) {
  return (
    `  ${what}: ${alarms} alarms, recall ${percent(recall)}, ${falseAlarms} false ` +
    `(${number(falseAlarmsPerDay, 2)} a day), median delay ${number(medianDelaySec, 0)} s`
  );
}

/** What masking cost, for people, on standard error; standard output is the masked trace. */
export function printUtility({ values, filtered, durationSec, alarms }: UtilityReport): void {
  console.error(
    `utility over ${(durationSec / 3600).toFixed(1)} h, ${values.count} values compared with the raw ones:`,
  );
  console.error(`  each value: RMSE ${number(values.rmse)} K, MAE ${number(values.mae)} K`);
  console.error(
    `  after a ${filtered.filterSec} s filter: RMSE ${number(filtered.rmse)} K, MAE ${number(filtered.mae)} K ` +
      `(the filter alone: RMSE ${number(filtered.withoutMask.rmse)} K)`,
  );
  for (const { alarm, reference, released, fromMaskedValues } of alarms) {
    console.error(`alarm ${alarm}: ${reference} by its rule on the raw readings`);
    console.error(qualityLine("as released", released));
    console.error(qualityLine("if decided on the masked values", fromMaskedValues));
  }
}
