import assert from "node:assert/strict";
import { type BlockTrial, blockAttacker, Prober } from "../support/lab/block-trial.js";
import { MQTT_LOGIN } from "../support/lab/gateway-services.js";
import { addressOf, macOf } from "../support/lab/hosts.js";
import { Lab } from "../support/lab/lab.js";
import { LabWatch } from "../support/lab/lab-watch.js";
import { SensorRecord } from "../support/lab/sensor-record.js";
import { missingForLab } from "../support/lab/tools.js";
import { namesAttacker, shownAlert } from "../support/lab/trial.js";
import type { Drill } from "./drill.js";

const BLOCK_SEC = 60;
const REDUCED_BLOCK_SEC = 8;
const MESSAGES_PER_SEC = 10;
const MAX_OUT_AFTER_SEC = 2;
/** The time between two attempts, and of one that gets no answer. */
const PROBE_SEC = 0.5;
const ALERT_SEC = 30;

/**
 * @param isTimed whether the seconds count, as where nothing else runs: among the tests, which share two processors,
 *   they are told.
 */
function check(name: string, trial: BlockTrial, blockSec: number, isTimed: boolean): void {
  const { blockedForSec, outAfterSec, outForSec } = trial;
  assert.equal(blockedForSec, blockSec, name);
  if (!isTimed) return;
  assert.ok(outAfterSec <= MAX_OUT_AFTER_SEC, `${name}: out only ${outAfterSec.toFixed(2)} s after the crossing`);
  assert.ok(Math.abs(outForSec - blockSec) <= MAX_OUT_AFTER_SEC + PROBE_SEC, `${name}: out for ${outForSec} s`);
}

/** Packets with the sensor's address: nobody who is innocent may be blocked for them. */
async function forgeSensor(lab: Lab, watch: LabWatch): Promise<void> {
  const attack = lab.attacks.find(({ name }) => name === "syn-flood-as-sensor") ?? assert.fail("no such attack");
  const [alerts, acts] = [watch.alerts.length, watch.acts.length];
  await lab.attack(attack);
  const told = () => watch.alerts.slice(alerts);
  const isSeen = await watch.until(() => told().some(({ alert }) => alert.kind.endsWith("syn-flood")), ALERT_SEC);
  assert.ok(isSeen, `the flood was not seen, but ${JSON.stringify(told())}`);
  assert.deepEqual(
    told()
      .filter((alert) => !namesAttacker(alert))
      .map(shownAlert),
    [],
  );
  assert.deepEqual(
    watch.acts.slice(acts).filter(({ action }) => action === "blocked"),
    [],
  );
}

export const networkBlock: Drill = {
  name: "network-block",
  summary: `blocks real attackers for ${BLOCK_SEC} s (${REDUCED_BLOCK_SEC}): out in 2 s, in again after it, no message of the sensor lost`,
  async run({ reduced, progress }) {
    const missing = missingForLab();
    if (missing) throw new Error(`missing: ${missing}`);
    const blockSec = reduced ? REDUCED_BLOCK_SEC : BLOCK_SEC;
    const lab = await Lab.start();
    try {
      const started = Date.now();
      const sensor = await SensorRecord.start(lab.network, MESSAGES_PER_SEC);
      const thresholds = ["mqtt-brute-force", "arp-spoofing"] as const;
      const watch = await LabWatch.start(lab.network, { attackerMac: macOf("attacker"), thresholds, blockSec });
      const prober = new Prober(lab);
      const login = ["-u", MQTT_LOGIN.username, "-P", MQTT_LOGIN.password];
      // What it has open already must end as well.
      lab.network.spawn("attacker", "mosquitto_sub", ["-h", addressOf("gateway"), ...login, "-t", "home/bell"]);
      const byAddress = await blockAttacker(lab, watch, prober, "mqtt-brute-force", blockSec);
      progress(`brute force: ${JSON.stringify(byAddress)}`);
      check("brute force", byAddress, blockSec, !reduced);
      assert.equal(byAddress.openConnections, "", "connections of the attacker that were left open");
      const byCard = await blockAttacker(lab, watch, prober, "arp-spoofing", blockSec);
      progress(`ARP spoofing: ${JSON.stringify(byCard)}`);
      check("ARP spoofing", byCard, blockSec, !reduced);
      assert.equal(byCard.target, macOf("attacker"));
      await forgeSensor(lab, watch);
      assert.ok(await prober.until(true, ALERT_SEC));
      const { sent, acknowledged, missing: lost } = await sensor.stop();
      assert.deepEqual(lost, [], "readings of the sensor that were lost");
      assert.equal(acknowledged, sent);
      const expected = ((Date.now() - started) / 1000) * MESSAGES_PER_SEC;
      assert.ok(sent > expected / 2, `the sensor sent ${sent} of about ${expected} readings`);
      await watch.stop();
      const out = [byAddress, byCard].map(({ outAfterSec }) => `${outAfterSec.toFixed(2)} s`);
      return `out after ${out.join(" and ")}, in again after ${blockSec} s, 0 of ${sent} readings lost, forged sensor: nobody blocked`;
    } finally {
      lab.close();
    }
  },
};
