import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkLogin, createLogins, loadLogins } from "../../../lib/access/logins.js";

describe("logins", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-logins-"));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it("creates an operator and a viewer once, with passwords that work and files only the owner can read", async () => {
    const passwords = createLogins(home);
    assert.ok(passwords);
    assert.equal(statSync(passwords).mode & 0o777, 0o600);
    assert.equal(statSync(join(home, "logins.json")).mode & 0o777, 0o600);
    assert.equal(createLogins(home), undefined, "a second start keeps what exists");

    const logins = loadLogins(home);
    for (const role of ["operator", "viewer"]) {
      const password = new RegExp(`^${role} (\\S+)$`, "m").exec(readFileSync(passwords, "utf8"))?.[1] as string;
      assert.equal(await checkLogin(logins, role, password), role);
      assert.equal(await checkLogin(logins, role, `${password}x`), undefined);
      assert.equal(await checkLogin(logins, `${role}x`, password), undefined);
    }
    assert.doesNotMatch(readFileSync(join(home, "logins.json"), "utf8"), /viewer \S/);
  });

  it("refuses a file that others can read, a bad hash, a bad role and a bad name", () => {
    createLogins(home);
    const path = join(home, "logins.json");
    const good = JSON.parse(readFileSync(path, "utf8")) as Record<string, { password: string; role: string }>;
    chmodSync(path, 0o644);
    assert.throws(() => loadLogins(home), /chmod 600/);
    chmodSync(path, 0o600);
    for (const [bad, expected] of [
      [{ operator: { password: "secret", role: "operator" } }, /not a bcrypt hash/],
      [{ operator: { ...good.operator, role: "root" } }, /role of operator/],
      [{ "<img>": good.operator }, /user name/],
    ] as const) {
      writeFileSync(path, JSON.stringify(bad));
      assert.throws(() => loadLogins(home), expected);
    }
  });
});
