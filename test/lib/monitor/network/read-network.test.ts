import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../../lib/common/rejection.js";
import { NetworkMonitor } from "../../../../lib/monitor/network/network-monitor.js";
import { decodeNetworkState, encodeNetworkState } from "../../../../lib/monitor/network/network-state.js";
import { readAct, readFirewallSnapshot } from "../../../../lib/monitor/network/read-firewall.js";
import { readCounters, readFlow, readNetworkAlert } from "../../../../lib/monitor/network/read-network.js";
import { readNetworkInput } from "../../../../nodes/network-stats/input.js";
import { actOf, alertOf, countersOf, flowOf, listOf, NOON } from "../../../support/network-messages.js";
import { hostileJson } from "../../envelope/hostile-json.js";

const SEED = { seed: 20261121, numRuns: 300 };

/** What a core node would make of it; nothing where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function onlyRejects(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof Rejection, String(error));
  }
}

describe("what network-stats reads", () => {
  it("takes whatever there is without more than a refusal", () => {
    fc.assert(
      fc.property(hostileJson, (text) => {
        const value = parsed(text);
        for (const name of [
          "flow",
          "alert",
          "network",
          "payload",
          "refusal",
          "ids",
          "acknowledge",
          "select",
          "reset",
        ]) {
          onlyRejects(() => readNetworkInput({ _msgid: "1", flow: flowOf(), [name]: value } as never));
        }
      }),
      SEED,
    );
  });

  it("takes each part of a message being something else without more than a refusal", () => {
    const parts = { flow: flowOf(), alert: alertOf(), network: countersOf(), act: actOf(), list: listOf(["10.0.0.1"]) };
    const readers = {
      flow: (value: object) => readFlow(value, undefined),
      alert: readNetworkAlert,
      network: readCounters,
      act: (value: object) => readAct(value as Record<string, unknown>),
      list: (value: object) => readFirewallSnapshot(value as Record<string, unknown>),
    };
    for (const [name, part] of Object.entries(parts)) {
      const read = readers[name as keyof typeof readers];
      fc.assert(
        fc.property(fc.constantFrom(...Object.keys(part)), hostileJson, (key, text) => {
          onlyRejects(() => read({ ...part, [key]: parsed(text) }));
        }),
        SEED,
      );
    }
  });

  it("cuts long texts and lists", () => {
    const long = "x".repeat(5000);
    const read = readNetworkAlert(
      alertOf({ id: long, unit: long, source: { address: long, mac: long }, reasons: Array(100).fill(long) }),
    );
    assert.deepEqual([read.source.address.length, read.unit.length, read.reasons.length], [64, 160, 5]);
    assert.equal(read.reasons[0]?.length, 300);
    assert.ok(read.key.length < 256);
  });

  it("reads what it wrote and nothing that was damaged", () => {
    const monitor = new NetworkMonitor(NOON);
    monitor.addAlert(readNetworkAlert(alertOf()), NOON);
    monitor.addFlow(readFlow(flowOf(), undefined), NOON);
    monitor.addCounters({ kind: "live", name: "eth0" }, readCounters(countersOf()), NOON);
    const text = encodeNetworkState(monitor.state(NOON));
    assert.equal(encodeNetworkState(decodeNetworkState(text)), text);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(40), fc.string({ maxLength: 8 }), (at, length, inserted) => {
        onlyRejects(() => decodeNetworkState(text.slice(0, at) + inserted + text.slice(at + length)));
      }),
      SEED,
    );
    fc.assert(
      fc.property(hostileJson, (hostile) => onlyRejects(() => decodeNetworkState(hostile))),
      SEED,
    );
  });
});
