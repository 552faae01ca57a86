import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import helper from "node-red-node-test-helper";
import type { KeyringNode } from "../../nodes/common/keyring.js";
import { EnvelopeFlow, keyring, loggedErrors, RAW_KEY } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

describe("keyring node", () => {
  let flow: EnvelopeFlow;
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(() => flow.unload());

  const node = () => helper.getNode("ring") as KeyringNode;

  it("takes keys from its credential and shows fingerprints only", async () => {
    flow = await EnvelopeFlow.load([keyring("ring")], { ring: { keys: RAW_KEY } });
    assert.equal(node().ring?.primary.toString("base64url"), RAW_KEY.slice(0, 43));
    assert.match(inspect(node().ring), /fingerprint/);
    const { ring, problem } = node();
    assert.ok(!inspect({ ring, problem }, { depth: 9, showHidden: true }).includes(RAW_KEY.slice(0, 43)));
    assert.deepEqual(loggedErrors(), []);
  });

  it("creates a missing key file once, privately, in the home's keys folder", async () => {
    const config = { source: "file", path: "raw.key", createIfMissing: true };
    flow = await EnvelopeFlow.load([keyring("ring", config), keyring("same", config)]);
    const path = join(flow.home, "keys", "raw.key");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(node().ring?.primary.toString("base64url"), readFileSync(path, "utf8").slice(0, 43));
    assert.deepEqual((helper.getNode("same") as KeyringNode).ring?.fingerprints, node().ring?.fingerprints);
  });

  it("does not create a key file unless told to", async () => {
    flow = await EnvelopeFlow.load([keyring("ring", { source: "file", path: "raw.key", createIfMissing: false })]);
    assert.equal(node().ring, undefined);
    assert.match(node().problem ?? "", /does not exist; make it with/);
    assert.equal(existsSync(join(flow.home, "keys", "raw.key")), false);
    assert.equal(loggedErrors().length, 1);
  });

  it("reads an environment variable with several keys", async () => {
    process.env.REDOUBT_TEST_KEYS = "00112233445566778899aabbccddeef0 b:2b7e151628aed2a6abf7158809cf4f3d";
    try {
      flow = await EnvelopeFlow.load([
        keyring("ring", { family: "aes-128", source: "env", variable: "REDOUBT_TEST_KEYS" }),
      ]);
      assert.deepEqual(node().ring?.kids, [undefined, "b"]);
    } finally {
      delete process.env.REDOUBT_TEST_KEYS;
    }
  });

  it("names the problem and not the key: published, malformed, unreadable, missing", async () => {
    const published = "2b7e151628aed2a6abf7158809cf4f3c";
    flow = await EnvelopeFlow.load(
      [
        keyring("ring", { family: "aes-128" }),
        keyring("malformed"),
        keyring("unset", { source: "env", variable: "REDOUBT_TEST_UNSET" }),
        keyring("empty"),
        keyring("family", { family: "rot13" }),
        keyring("source", { source: "" }),
      ],
      { ring: { keys: published }, malformed: { keys: "hunter2hunter2" } },
    );
    const problems = ["ring", "malformed", "unset", "empty", "family", "source"].map((id) => {
      const { ring, problem } = helper.getNode(id) as KeyringNode;
      assert.equal(ring, undefined);
      return problem ?? "";
    });
    const patterns = [
      /published example/,
      /line 1 is not a key/,
      /is not set/,
      /press Generate/,
      /keys are for/,
      /come from/,
    ];
    for (const [i, pattern] of patterns.entries()) assert.match(problems[i] as string, pattern);
    assert.ok(!`${problems}${loggedErrors()}`.match(/2b7e1516|hunter2/));
    assert.equal(loggedErrors().length, 6);
  });

  it("refuses a key file that others can read", async () => {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-open-"));
    try {
      const path = join(folder, "open.key");
      writeFileSync(path, RAW_KEY, { mode: 0o644 });
      flow = await EnvelopeFlow.load([keyring("ring", { source: "file", path })]);
      assert.match(node().problem ?? "", /chmod 600/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
