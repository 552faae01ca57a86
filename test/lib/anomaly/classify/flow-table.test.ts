import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { distinctRows, rowAt, rowCount } from "../../../../lib/anomaly/classify/flow-set.js";
import { readFlowTable } from "../../../../lib/anomaly/classify/flow-table.js";
import { splitRows } from "../../../../lib/anomaly/classify/split.js";
import { Rejection } from "../../../../lib/common/rejection.js";
import { clouds, setOf } from "./support.js";

describe("tables of labelled flows", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-flows-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = (text: string | Buffer, dropPorts = true) => {
    const path = join(folder, "flows.csv");
    writeFileSync(path, text);
    return readFlowTable(path, { label: "Attack_type", dropPorts });
  };
  const TABLE =
    ",id.orig_p,id.resp_p,proto,service,flow_duration,fwd_pkts_tot,Attack_type\r\n" +
    "0,40000,1883,tcp,mqtt,1.5,9,MQTT_Publish\r\n" +
    "1,40001,1883,tcp,-,2.5,8,MQTT_Publish\r\n" +
    "0,4,21,tcp,-,0,1,DOS_SYN_Hping\r\n" +
    "1,5,21,udp,-,,1,DOS_SYN_Hping\r\n" +
    "2,6,21,udp,-,inf,1,DOS_SYN_Hping\r\n";

  it("leave out the row index, the ports, the service and text, and rows without a value", async () => {
    const { set, ignored, dropped } = await read(TABLE);
    assert.deepEqual(set.featureNames, ["flow_duration", "fwd_pkts_tot"]);
    assert.deepEqual(ignored, ["(row index)", "id.orig_p", "id.resp_p", "proto", "service"]);
    assert.equal(dropped, 2);
    assert.deepEqual(set.classes, ["DOS_SYN_Hping", "MQTT_Publish"]);
    assert.deepEqual([...set.labels], [1, 1, 0]);
    assert.deepEqual([...set.values], [1.5, 9, 2.5, 8, 0, 1]);
  });

  it("keep the ports where asked, never the index, whatever it is called; gzip is fine", async () => {
    const named = TABLE.replace(/^,/, "no,");
    const { set } = await read(gzipSync(named), false);
    assert.deepEqual(set.featureNames, ["id.orig_p", "id.resp_p", "flow_duration", "fwd_pkts_tot"]);
  });

  it("say what is wrong", async () => {
    await assert.rejects(read("a,b\n1,2\n"), /no column "Attack_type"; the file has: a, b/);
    await assert.rejects(read("a,Attack_type\n1\n"), /line 2 has 1 cells, the header has 2/);
    await assert.rejects(read(""), /no header/);
    await assert.rejects(read("x,Attack_type\nred,a\n"), Rejection);
    await assert.rejects(readFlowTable(join(folder, "none.csv"), { label: "a", dropPorts: true }), /ENOENT/);
    await assert.rejects(read(gzipSync(TABLE).subarray(0, 60)), /unexpected end of file/);
  });

  it("lose exact duplicates in the used columns, whatever their labels", () => {
    const set = setOf(
      [
        [1, 0],
        [1, -0],
        [2, 0],
        [1, 0],
      ],
      [0, 0, 1, 2],
    );
    const { set: kept, duplicates, contradictions } = distinctRows(set);
    assert.deepEqual([duplicates, contradictions], [2, 1]);
    assert.deepEqual([...kept.values], [1, 0, 2, 0]);
    assert.deepEqual([...kept.labels], [0, 1]);
  });
});

describe("splits", () => {
  it("have each row once, the asked share of each class, and no twins apart", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(6), fc.nat(2)), { minLength: 3, maxLength: 60 }),
        fc.nat(99),
        (rows, seed) => {
          const set = setOf(
            rows.map(([value]) => [value]),
            rows.map(([, label]) => label),
          );
          const { train, test } = splitRows(set, "stratified", 0.3, seed);
          assert.deepEqual(
            [...train, ...test].sort((a, b) => a - b),
            [...set.labels.keys()],
          );
          const trained = new Set(Array.from(train, (row) => rowAt(set, row)[0]));
          assert.ok(Array.from(test).every((row) => !trained.has(rowAt(set, row)[0])));
        },
      ),
      { seed: 63, numRuns: 200 },
    );
    const set = clouds(300, 1);
    const { train, test } = splitRows(set, "stratified", 0.3, 1);
    assert.equal(test.length, 90);
    for (const c of [0, 1, 2]) assert.equal(Array.from(test).filter((row) => set.labels[row] === c).length, 30);
    assert.deepEqual(splitRows(set, "stratified", 0.3, 1).train, train);
    assert.notDeepEqual(splitRows(set, "stratified", 0.3, 2).train, train);
  });

  it("test with the last rows of each class where blocked", () => {
    const set = setOf([[1], [2], [3], [4], [5], [6], [7]], [0, 0, 0, 0, 1, 1, 2]);
    const { train, test } = splitRows(set, "blocked", 0.5, 1);
    assert.deepEqual(
      [[...train], [...test]],
      [
        [0, 1, 4, 6],
        [2, 3, 5],
      ],
    );
    assert.equal(rowCount(set), train.length + test.length);
  });
});
