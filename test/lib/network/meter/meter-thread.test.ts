import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FlowRecord, NetworkCounters } from "../../../../lib/common/network.js";
import type { MeterJob, MeterReport, MeterSource } from "../../../../lib/network/meter/meter-job.js";
import { MeterThread } from "../../../../lib/network/meter/meter-thread.js";
import { brokenIdentities } from "../../../support/flow-identities.js";
import { mixedCapture } from "../../../support/made-capture.js";
import { playCapture } from "../../../support/played-capture.js";

function job(source: MeterSource): MeterJob {
  return { source, flows: {}, detectors: {}, flowsPerSecond: 100_000 };
}

interface Metered {
  flows: FlowRecord[];
  counters: NetworkCounters;
  reports: MeterReport[];
}

/** @param stopWhen ends a live capture. */
async function meter(
  source: MeterSource,
  stopWhen: (reports: MeterReport[]) => boolean = () => false,
): Promise<Metered> {
  const reports: MeterReport[] = [];
  const thread = new MeterThread(job(source), (report) => {
    reports.push(report);
    if (stopWhen(reports)) void thread.stop();
  });
  await thread.ended;
  const flows = reports.flatMap((report) => (report.type === "flows" ? report.flows : []));
  const counters = reports.filter((report) => report.type === "counters").at(-1)?.counters;
  assert.ok(counters);
  assert.equal(reports.at(-1)?.type, "ended");
  return { flows, counters, reports };
}

/** By address and start: the order of the ends may differ where the clock alone ends a flow. */
function sorted(flows: FlowRecord[]): FlowRecord[] {
  const key = ({ originator, responder, start }: FlowRecord) => `${originator.address} ${responder.port} ${start}`;
  return [...flows].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

describe("the meter's thread", () => {
  let folder: string;
  let path: string;
  const bytes = mixedCapture(400);
  /** Packets of which the newest report tells, once the drops are known too. */
  const packets = (reports: MeterReport[]) => {
    const last = reports.at(-1);
    return last?.type === "counters" && last.counters.dropped !== null ? last.counters.packets : 0;
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-meter-"));
    path = join(folder, "mixed.pcap");
    writeFileSync(path, bytes);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("gives the same features from a file, from bytes, and live from a program that captures", async () => {
    const file = await meter({ kind: "file", path });
    assert.ok(file.flows.length >= 800, `${file.flows.length} flows`);
    for (const record of file.flows) assert.deepEqual(brokenIdentities(record), []);
    const fromBytes = await meter({ kind: "bytes", bytes });
    assert.deepEqual(fromBytes.flows, file.flows);

    const played = playCapture(path);
    try {
      const live = await meter(
        { kind: "live", live: { interface: "lab0" } },
        (reports) => packets(reports) === file.counters.packets,
      );
      assert.equal(live.counters.packets, file.counters.packets);
      assert.equal(live.counters.dropped, 3, "as the program says");
      const same = (record: FlowRecord) => ({ ...record, end: record.end === "interim" ? "interim" : "" });
      assert.deepEqual(sorted(live.flows).map(same), sorted(file.flows).map(same));
    } finally {
      played.remove();
    }
  });

  it("tries a live capture again that ended by itself, keeps the flows, and adds up", async () => {
    const played = playCapture(path, 1);
    try {
      let last = 0;
      const once = packetsOf(bytes);
      const live = await meter({ kind: "live", live: { interface: "lab0" } }, (reports) => {
        last = Math.max(last, packets(reports));
        return last === 2 * once;
      });
      const types = live.reports.map(({ type }) => type).filter((type) => type === "capturing" || type === "lost");
      assert.deepEqual(types, ["capturing", "lost", "capturing"]);
      const lost = live.reports.find((report) => report.type === "lost");
      assert.match(lost?.reason ?? "", /lab0/);
      assert.equal(lost?.retryMs, 1000);
    } finally {
      played.remove();
    }
  });

  it("says what is wrong with what is no capture", async () => {
    const broken = await meter({ kind: "bytes", bytes: Buffer.from("this is no capture") });
    const ended = broken.reports.at(-1);
    assert.equal(ended?.type === "ended" && ended.rejected?.code, "FORMAT");
    const live = await meter({ kind: "live", live: { interface: "no/such" } });
    const refused = live.reports.at(-1);
    assert.equal(refused?.type === "ended" && refused.rejected?.code, "FORMAT");
  });

  it("dies loudly where a file cannot be read", async () => {
    const thread = new MeterThread(job({ kind: "file", path: join(folder, "gone.pcap") }), () => {});
    await assert.rejects(thread.ended, /ENOENT/);
  });

  it("breaks off the reading of a file when it is stopped", async () => {
    const slow: MeterJob = { ...job({ kind: "file", path }), flowsPerSecond: 1 };
    const reports: MeterReport[] = [];
    const thread = new MeterThread(slow, (report) => {
      reports.push(report);
      if (report.type === "flows") void thread.stop();
    });
    await thread.ended;
    assert.ok(reports.every(({ type }) => type !== "ended"));
  });
});

function packetsOf(capture: Buffer): number {
  let count = 0;
  for (let at = 24; at < capture.length; at += 16 + capture.readUInt32LE(at + 8)) count++;
  return count;
}
