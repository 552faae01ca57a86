import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cell, cellKey, epochAt, epochSpan, labels, type Scope } from "../../../lib/occupancy/cell.js";
import { deriveKey, INFO_PREFIX, Masters } from "../../../lib/occupancy/keys.js";
import {
  apField,
  decodeNames,
  decodeSession,
  encodeName,
  encodeSession,
  openValue,
  sealValue,
  VALUE_BYTES,
} from "../../../lib/occupancy/record.js";
import { requireOnMachine } from "../../setup.js";

interface Vectors {
  master: string;
  salt: string;
  nonce: string;
  cases: {
    prefix: string;
    epoch: string;
    indexKey: string;
    recordKey: string;
    rollUpKey: string;
    scope: Scope;
    slot: number;
    id: string;
    cellKey: string;
    labels: Record<string, string>;
    session: { mac: string; start: number; duration: number; ap: string };
    record: string;
    value: string;
  }[];
}

const FOLDER = join(__dirname, "..", "..", "vectors");
const PYTHON = "/usr/bin/python3";
const hex = (text: string) => Buffer.from(text, "hex");

describe("occupancy vectors", () => {
  const vectors = JSON.parse(readFileSync(join(FOLDER, "occupancy.json"), "utf8")) as Vectors;

  it("are what Python's cryptography computes", function () {
    const hasPython = existsSync(PYTHON) && spawnSync(PYTHON, ["-c", "import cryptography"]).status === 0;
    requireOnMachine(this, hasPython, "apt-get install python3-cryptography");
    const { status, stderr } = spawnSync(PYTHON, [join(FOLDER, "occupancy.py")], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  });

  it("has those that were published for the design, with another prefix", () => {
    const [first] = vectors.cases;
    assert.equal(first?.prefix, "nr-iotsec/wifi/v1");
    assert.equal(first.indexKey, "fa59c419753ba31bf351dcd0bbbd11cb848c061fa635fc94381c9c323272f48f");
    assert.equal(first.recordKey, "232845567bc980de42e4136004affbdc1031dd71325f3ed6947129625fae25a4");
    assert.equal(first.cellKey, "9da0d2952589938bc720aaa774f79be68be5b8a582d3a1019969c326749aaf83");
    assert.deepEqual(
      [first.labels[0], first.labels[1], first.labels[2]],
      ["c8eb29fdeffe5b4b6b72629f0b2822d4", "334c574850ca7452843dd20a0dae4f34", "9faef20e66dd6da370d007166eb67513"],
    );
    assert.equal(first.record, `010200000012346a6e1800000002580461702d31${"00".repeat(20)}`);
    assert.equal(
      first.value,
      "090909090909090909090909b3cc6a1eb45a470f042622a1e8e566dd2efe607e88dafa2ddf48f015601c7feb6e3c328a5527b93978134bdc5ba69a9091a65aa54b5dcfe7",
    );
  });

  it("come out of keys, cells, labels and records", () => {
    const prefixes = new Set<string>();
    for (const example of vectors.cases) {
      prefixes.add(example.prefix);
      const derive = (purpose: "idx" | "rec" | "hll") =>
        deriveKey(hex(vectors.master), hex(vectors.salt), purpose, example.epoch, example.prefix).toString("hex");
      assert.equal(derive("idx"), example.indexKey);
      assert.equal(derive("rec"), example.recordKey);
      assert.equal(derive("hll"), example.rollUpKey);
      const cell: Cell = { scope: example.scope, slot: example.slot, id: hex(example.id) };
      const kw = cellKey(hex(example.indexKey), cell);
      assert.equal(kw.toString("hex"), example.cellKey);
      for (const [counter, label] of Object.entries(example.labels)) {
        assert.equal(labels(kw, Number(counter), 1)[0]?.toString("hex"), label, `label ${counter}`);
      }
      assert.equal(labels(kw, 0, 3)[0]?.toString("hex"), example.labels[0]);
      const { mac, start, duration, ap } = example.session;
      const record = encodeSession(hex(mac), start, duration, apField(ap));
      assert.equal(record.toString("hex"), example.record);
      const label = hex(example.labels[0] as string);
      assert.equal(sealValue(hex(example.recordKey), hex(vectors.nonce), label, record).toString("hex"), example.value);
      const opened = openValue(hex(example.recordKey), label, hex(example.value));
      assert.deepEqual(opened && decodeSession(opened), { mac: hex(mac), start, duration, ap: apField(ap) });
    }
    assert.deepEqual([...prefixes], ["nr-iotsec/wifi/v1", INFO_PREFIX]);
    assert.equal(INFO_PREFIX, "redoubt/wifi/v1");
  });

  it("does not open a value under another label, another key or with one bit changed", () => {
    const [{ recordKey, labels: names, value }] = vectors.cases as [Vectors["cases"][0]];
    const [zero, one] = [hex(names[0] as string), hex(names[1] as string)];
    const sealed = hex(value);
    assert.equal(sealed.length, VALUE_BYTES);
    assert.equal(openValue(hex(recordKey), one, sealed), undefined);
    assert.equal(openValue(Buffer.alloc(32, 1), zero, sealed), undefined);
    assert.equal(openValue(hex(recordKey), zero, sealed.subarray(0, -1)), undefined);
    for (let bit = 0; bit < sealed.length * 8; bit += 13) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.equal(openValue(hex(recordKey), zero, changed), undefined, `bit ${bit}`);
    }
  });

  it("puts every second into its month, as UTC has them", () => {
    for (const [time, epoch] of [
      [0, "197001"],
      [Date.UTC(2026, 1, 28, 23, 59, 59) / 1000, "202602"],
      [Date.UTC(2026, 2, 1) / 1000, "202603"],
      [Date.UTC(2028, 1, 29) / 1000, "202802"],
      [0xffff_ffff, "210602"],
    ] as const) {
      assert.equal(epochAt(time), epoch);
      const { from, to } = epochSpan(epoch);
      assert.ok(from <= time && time < to);
      assert.equal(epochAt(from), epoch);
      assert.notEqual(epochAt(to), epoch);
    }
  });

  it("keeps names of access points of every length, and tells them apart", () => {
    const names = ["a", "x".repeat(24), "x".repeat(25), `${"x".repeat(25)}y`, "é".repeat(127), "Café 3. OG", "\0"];
    assert.deepEqual(decodeNames(names.flatMap(encodeName)).sort(), [...names].sort());
    assert.equal(new Set(names.map((name) => apField(name).toString("hex"))).size, names.length);
    assert.ok(names.every((name) => apField(name).length === 25));
    // Half a name is none.
    assert.deepEqual(decodeNames(encodeName("y".repeat(30)).slice(1)), []);
  });

  it("names a master without telling it, and refuses one of another length", () => {
    const salt = Buffer.alloc(32, 1);
    const masters = new Masters([Buffer.alloc(32, 2), Buffer.alloc(32, 3)], salt);
    assert.equal(masters.ids[0], masters.primary);
    assert.match(masters.primary, /^[0-9a-f]{16}$/);
    assert.notEqual(new Masters([Buffer.alloc(32, 2)], Buffer.alloc(32, 9)).primary, masters.primary);
    assert.throws(() => new Masters([Buffer.alloc(16)], salt), /32 bytes/);
    assert.throws(() => masters.keys("0000000000000000", "202611"), /202611 is not in the key file/);
  });

  it("reads its masters again for one that it does not know, and keeps those that work where it is not among them", () => {
    const salt = Buffer.alloc(32, 1);
    const [old, next, other] = [2, 3, 4].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];
    const idOf = (master: Buffer) => new Masters([master], salt).primary;
    let file = [old];
    let read = 0;
    const reload = () => {
      read++;
      if (file.length === 0) throw new Error("the file is gone");
      return file;
    };
    const masters = new Masters([old], salt, { reload });
    masters.secret(idOf(old), "state");
    assert.equal(read, 0, "no reason to look");
    file = [other];
    assert.throws(() => masters.secret(idOf(next), "state"), { code: "WRONG_KEY" });
    assert.deepEqual(masters.ids, [idOf(old)]);
    file = [];
    assert.throws(() => masters.secret(idOf(next), "state"), { code: "WRONG_KEY", message: /the file is gone/ });
    file = [next, old];
    const secret = masters.secret(idOf(next), "state");
    assert.deepEqual(secret, new Masters([next], salt).secret(idOf(next), "state"));
    assert.deepEqual(masters.ids, [idOf(next), idOf(old)]);
    assert.equal(masters.primary, idOf(next));
    assert.equal(read, 3);
  });
});
