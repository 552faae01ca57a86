import assert from "node:assert/strict";
import { macOf } from "../support/lab/hosts.js";
import { Lab } from "../support/lab/lab.js";
import { LabWatch } from "../support/lab/lab-watch.js";
import { startNormalTraffic } from "../support/lab/normal-traffic.js";
import { startSensor } from "../support/lab/sensor-record.js";
import { missingForLab } from "../support/lab/tools.js";
import { namesAttacker, shownAlert } from "../support/lab/trial.js";
import type { Drill } from "./drill.js";

const FULL_SEC = 30 * 60;
const REDUCED_SEC = 60;
const PROGRESS_SEC = 60;
const ALERT_SEC = 10;

export const networkNormal: Drill = {
  name: "network-normal",
  summary: `${FULL_SEC / 60} min (${REDUCED_SEC} s) of a house's ordinary traffic by real programs: no alert`,
  async run({ reduced, seed, progress }) {
    const missing = missingForLab();
    if (missing) throw new Error(`missing: ${missing}`);
    const lab = await Lab.start();
    try {
      const watch = await LabWatch.start(lab.network, { attackerMac: macOf("attacker") });
      await startSensor(lab.network, 1);
      const normal = await startNormalTraffic(lab, seed);
      const seconds = reduced ? REDUCED_SEC : FULL_SEC;
      for (let past = 0; past < seconds; past += PROGRESS_SEC) {
        await watch.until(() => watch.alerts.length > 0, Math.min(PROGRESS_SEC, seconds - past));
        progress(`${watch.counters?.packets ?? 0} packets, ${watch.alerts.length} alerts`);
        assert.deepEqual(watch.alerts.map(shownAlert), [], "alerts about ordinary traffic");
        assert.deepEqual(normal.failures, [], "traffic that does not work is not ordinary");
      }
      await normal.stop();
      const { packets, flows, dropped } = watch.counters ?? assert.fail("no counters");
      // A watch that sees nothing raises no alert either.
      const [attack] = lab.attacks.filter(({ name }) => name === "xmas-scan");
      await lab.attack(attack ?? assert.fail("no xmas-scan"));
      await watch.until(() => watch.alerts.some(namesAttacker), ALERT_SEC);
      await watch.stop();
      assert.ok(watch.alerts.length > 0 && watch.alerts.every(namesAttacker), "the scan at the end, and only that");
      const done = Object.entries(normal.done).map(([what, times]) => `${times} ${what}`);
      return `0 alerts in ${packets} packets, ${flows} flows, ${dropped ?? "?"} dropped: ${done.join(", ")}`;
    } finally {
      lab.close();
    }
  },
};
