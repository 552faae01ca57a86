import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WrongOutput } from "../../bench/harness/suite.js";
import { ids } from "../../bench/ids/ids.js";
import { isInstalled, meter, reading, TSHARK_MISSING } from "../../bench/ids/readers.js";
import { writeTraffic } from "../../bench/ids/traffic.js";
import { readCaptureFile } from "../../lib/network/capture/file.js";
import { TCP } from "../../lib/network/packet.js";
import { requireOnMachine } from "../setup.js";

describe("redoubt bench ids", function () {
  this.timeout(120_000);

  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-ids-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("writes connections that are whole, run side by side and are all different", async () => {
    const path = join(folder, "traffic.pcap");
    const traffic = writeTraffic(path, 20_000);
    const seen = new Map<string, { syn: number; fin: number; last: number }>();
    let now = 0;
    const counters = await readCaptureFile(path, (packet) => {
      const ends = [packet.source, packet.sourcePort, packet.destination, packet.destinationPort];
      const isForward = packet.sourcePort > packet.destinationPort;
      const name = (isForward ? ends : [...ends.slice(2), ...ends.slice(0, 2)]).join(" ");
      const state = seen.get(name) ?? { syn: 0, fin: 0, last: 0 };
      if (packet.flags & TCP.SYN) state.syn++;
      if (packet.flags & TCP.FIN) state.fin++;
      seen.set(name, state);
      assert.ok(packet.time >= now);
      now = packet.time;
    });
    assert.deepEqual(counters.malformed, {});
    assert.deepEqual({ packets: counters.packets, connections: seen.size }, traffic);
    assert.ok(traffic.packets >= 20_000 && traffic.connections > 1000);
    assert.ok([...seen.values()].every(({ syn, fin }) => syn === 2 && fin === 2));
  });

  it("sets ours beside tshark, in turns, once both have found everything", async function () {
    requireOnMachine(this, isInstalled("tshark"), TSHARK_MISSING);
    const { figures, notes } = await ids.run({ rounds: 2, messages: 3000 });
    assert.deepEqual(
      figures.map(({ contender, metric, rounds, target }) => [contender, metric, rounds.length, target]),
      [
        ["redoubt", "throughput", 2, undefined],
        ["tshark", "throughput", 2, undefined],
        ["redoubt", "throughput-over-tshark", 2, ">= 1"],
      ],
    );
    assert.match(notes.join(), /a capture of \d+ packets in \d+ TCP connections/);
  });

  it("has no figures when something else was found than there is", async () => {
    const path = join(folder, "traffic.pcap");
    const { packets, connections } = writeTraffic(path, 1000);
    const wrong = reading(meter, path, { packets: packets + 1, connections });
    await assert.rejects(wrong.measure(), WrongOutput);
    const missing = reading(meter, join(folder, "none"), { packets, connections });
    await assert.rejects(missing.measure(), /redoubt: .*ENOENT/s);
  });
});
