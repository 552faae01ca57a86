import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAccounts, usersFileIn } from "../../../lib/broker/accounts.js";
import { readUsers } from "../../../lib/broker/users-file.js";
import { withFileLock } from "../../../lib/common/file-lock.js";
import { readRegistry, registryFileIn } from "../../../lib/registry/registry-file.js";

const EACH = 20;

describe("file lock", () => {
  let folder: string;
  let path: string;
  let lock: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-lock-"));
    path = join(folder, "users.json");
    lock = `${path}.lock`;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is held during the work, may be taken again within it, and is gone after it, also after a failure", () => {
    const result = withFileLock(path, () => {
      assert.equal(readFileSync(lock, "utf8").split(" ")[0], String(process.pid));
      return withFileLock(path, () => existsSync(lock)) && existsSync(lock);
    });
    assert.equal(result, true);
    assert.throws(
      () =>
        withFileLock(path, () => {
          throw new Error("no");
        }),
      /^Error: no$/,
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it("is taken over from a process that is gone, and from one that held it for too long", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    writeFileSync(lock, `${child.pid} 0011\n`);
    assert.equal(
      withFileLock(path, () => 1),
      1,
    );
    writeFileSync(lock, `${process.ppid} 0011\n`);
    const old = Date.now() / 1000 - 100;
    utimesSync(lock, old, old);
    assert.equal(
      withFileLock(path, () => 2),
      2,
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it("lets no process lose accounts or devices that another one makes at the same time", async () => {
    const script = join(__dirname, "..", "..", "support", "account-child.ts");
    const names = ["fleet", "gateway", "demo"];
    const children = names.map((name) =>
      spawn(process.execPath, ["--require", "tsx/cjs", script, folder, name, String(EACH)], { stdio: "inherit" }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
    assert.deepEqual(codes, [0, 0, 0]);
    const expected = names.flatMap((name) => Array.from({ length: EACH }, (_, i) => `${name}-${i}`)).sort();
    assert.deepEqual([...readUsers(usersFileIn(folder)).keys()].sort(), expected);
    assert.deepEqual(Object.keys(readAccounts(folder)).sort(), expected);
    const { devices } = readRegistry(registryFileIn(folder));
    assert.deepEqual(devices.map(({ id }) => id).sort(), expected);
    assert.deepEqual(
      [...readdirSync(folder), ...readdirSync(join(folder, "broker"))].filter((name) => /lock|tmp/.test(name)),
      [],
    );
  });
});
