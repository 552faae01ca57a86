import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecurityMonitor } from "../../../lib/monitor/security-monitor.js";
import { StateFile } from "../../../lib/monitor/state-file.js";
import { anomaly, NOON } from "./verdicts.js";

describe("state file of the security monitor", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-monitor-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is private and holds the state; none is no problem", () => {
    const file = new StateFile(join(folder, "state"), "stats1");
    assert.deepEqual(file.load(), {});
    const monitor = new SecurityMonitor(NOON);
    monitor.record(anomaly(), NOON);
    file.save(monitor.state());
    assert.equal(file.path, join(folder, "state", "security-stats-stats1.json"));
    assert.equal(statSync(file.path).mode & 0o777, 0o600);
    assert.deepEqual(new StateFile(join(folder, "state"), "stats1").load(), { state: monitor.state() });
    assert.deepEqual(readdirSync(join(folder, "state")), ["security-stats-stats1.json"]);
  });

  it("stays in its folder whatever the node is called", () => {
    const { path } = new StateFile(folder, "../../etc/passwd");
    assert.match(path.slice(folder.length), /^\/security-stats-[0-9a-f]{32}\.json$/);
  });

  it("keeps a broken file aside, says so, and starts empty", () => {
    const file = new StateFile(folder, "stats1");
    for (const broken of ["", "{", '{"version":2}', "\0\0\0\0"]) {
      writeFileSync(file.path, broken);
      const { state, problem } = file.load();
      assert.equal(state, undefined);
      assert.match(problem ?? "", /cannot be used .* kept as .*\.broken$/);
      assert.equal(readFileSync(`${file.path}.broken`, "utf8"), broken);
      assert.ok(!existsSync(file.path));
    }
    assert.deepEqual(file.load(), {});
  });

  it("says what is wrong when not even that works", () => {
    const file = new StateFile(folder, "stats1");
    mkdirSync(file.path);
    mkdirSync(`${file.path}.broken`);
    writeFileSync(join(`${file.path}.broken`, "something"), "");
    chmodSync(folder, 0o700);
    assert.match(file.load().problem ?? "", /cannot be kept aside either/);
  });
});
