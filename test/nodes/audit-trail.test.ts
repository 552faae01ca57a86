import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import auditNode from "../../nodes/audit-trail/audit-trail.js";
import { numbersIn, verdictNumber } from "../lib/audit/verdicts.js";

helper.init(require.resolve("node-red"));

const ERROR = 20;
const WARNING = 30;

function flow(config: Record<string, unknown> = {}) {
  return [
    { id: "audit", type: "redoubt-audit-trail", file: "trail", wires: [["passed"], ["rejected"]], ...config },
    { id: "passed", type: "helper" },
    { id: "rejected", type: "helper" },
  ];
}

/** What the node said, as the keys of its texts: the helper translates nothing. */
const logged = (level: number) =>
  helper
    .log()
    .args.filter(([entry]) => entry.level === level && entry.type === "redoubt-audit-trail")
    .map(([entry]) => String(entry.msg));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("audit-trail node", () => {
  let home: string;
  const previous = process.env.REDOUBT_HOME;
  const audit = (file: string) => join(home, "audit", file);
  /** What is in the trail's files of one kind: at midnight (UTC) one is rotated away, in whatever test. */
  const written = (extension: string) =>
    readdirSync(join(home, "audit"))
      .filter((name) => name.startsWith("trail") && name.endsWith(extension))
      .sort()
      .map((name) => readFileSync(audit(name), "utf8"))
      .join("");

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-home-"));
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    if (previous === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = previous;
    rmSync(home, { recursive: true });
  });

  it("passes messages on as they are, and has them in its files when it closes", async () => {
    await helper.load(auditNode, flow());
    const passed: NodeMessage[] = [];
    helper.getNode("passed").on("input", (message) => passed.push(message as NodeMessage));
    const messages = Array.from({ length: 5 }, (_, i) => ({ payload: { i }, verdict: verdictNumber(i) }));
    for (const message of messages) helper.getNode("audit").receive(message as NodeMessage);
    await until(() => passed.length === 5);
    assert.equal(passed[4]?.payload, messages[4]?.payload, "the same object, not a copy");
    await helper.unload();
    assert.deepEqual(numbersIn(written(".jsonl")), [0, 1, 2, 3, 4]);
    assert.equal(written(".csv").match(/,hall-3,.*\r\n/g)?.length, 5);

    await helper.load(auditNode, flow());
    helper.getNode("audit").receive({ verdict: verdictNumber(5) } as unknown as NodeMessage);
    await helper.unload();
    assert.deepEqual(numbersIn(written(".jsonl")), [0, 1, 2, 3, 4, 5]);
  });

  it("rejects what has no verdict", async () => {
    await helper.load(auditNode, flow({ format: "jsonl" }));
    const rejected: (NodeMessage & { rejected?: { code: string } })[] = [];
    helper.getNode("rejected").on("input", (message) => rejected.push(message as NodeMessage));
    helper.getNode("audit").receive({ payload: "x" });
    helper.getNode("audit").receive({ verdict: { ...verdictNumber(1), at: "now" } } as unknown as NodeMessage);
    await until(() => rejected.length === 2);
    assert.deepEqual(
      rejected.map(({ rejected: info }) => info?.code),
      ["SCHEMA", "SCHEMA"],
    );
    await helper.unload();
    assert.equal(readFileSync(audit("trail.jsonl"), "utf8"), "");
    assert.ok(!existsSync(audit("trail.csv")));
  });

  it("says at deploy that it cannot write, keeps the flow alive, and recovers", async () => {
    writeFileSync(join(home, "audit"), "a file where the folder should be");
    await helper.load(auditNode, flow({ format: "jsonl" }));
    let passed = 0;
    helper.getNode("passed").on("input", () => passed++);
    await until(() => logged(ERROR).length > 0);
    helper.getNode("audit").receive({ verdict: verdictNumber(0) } as unknown as NodeMessage);
    await until(() => passed === 1);
    rmSync(join(home, "audit"));
    await until(() => logged(WARNING).length > 0);
    assert.deepEqual(logged(WARNING), ["redoubt-audit-trail.errors.recovered"]);
    assert.deepEqual(logged(ERROR), ["redoubt-audit-trail.errors.disk"], "once, not for each attempt");
    await helper.unload();
    assert.deepEqual(numbersIn(readFileSync(audit("trail.jsonl"), "utf8")), [0]);
  });

  it("tells of a line that a crash left unfinished", async () => {
    await helper.load(auditNode, flow());
    await helper.unload();
    writeFileSync(audit("trail.jsonl"), '{"id":"0');
    chmodSync(audit("trail.jsonl"), 0o644);
    await helper.load(auditNode, flow());
    await until(() => logged(WARNING).length > 0);
    assert.deepEqual(logged(WARNING), ["redoubt-audit-trail.errors.cut"]);
    assert.equal(statSync(audit("trail.jsonl")).mode & 0o777, 0o600);
    assert.equal(readFileSync(audit("trail.jsonl"), "utf8"), "");
  });

  it("gives a file to one node only, and refuses names that lead elsewhere", async () => {
    const [first, ...rest] = flow();
    await helper.load(auditNode, [first, { ...first, id: "second" }, ...rest]);
    assert.match(logged(ERROR).join(), /another audit-trail node/);
    await helper.unload();
    for (const config of [{ file: "../x" }, { file: "a/b" }, { file: ".." }, { maxFiles: 0 }, { maxSize: "big" }]) {
      await helper.load(auditNode, flow(config));
      assert.equal(logged(ERROR).length, 1, JSON.stringify(config));
      await helper.unload();
    }
    assert.ok(!existsSync(join(home, "x.jsonl")));
  });
});
