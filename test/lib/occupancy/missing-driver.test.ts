import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..", "..");
const OPEN = join(ROOT, "lib", "occupancy", "store", "open-driver.ts");

describe("occupancy database drivers that are not installed", () => {
  for (const [kind, name, advice] of [
    ["postgresql", "pg", "PostgreSQL needs pg; run: npm install pg@8"],
    ["mysql", "mysql2/promise", "MariaDB and MySQL need mysql2; run: npm install mysql2@3"],
  ] as const) {
    it(`${kind}: the error says what to install`, () => {
      const script = `require(${JSON.stringify(OPEN)})
        .openDriver({ kind: "${kind}", user: "u", database: "d" })
        .then(() => console.log("opened"), (error) => console.log(error.code, error.message));`;
      const preload = join(ROOT, "test", "support", "without-package.cjs");
      const run = (without: string) =>
        spawnSync(process.execPath, ["--import", "tsx", "--require", preload, "-e", script], {
          cwd: ROOT,
          env: { ...process.env, WITHOUT: without },
          encoding: "utf8",
        });
      const { stdout, stderr } = run(name);
      assert.ok(stdout.startsWith(`SETTINGS ${advice}`), stdout + stderr);
      assert.equal(run("nothing").stdout.trim(), "opened");
    });
  }
});
