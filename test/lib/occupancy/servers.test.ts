import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OccupancyStore } from "../../../lib/occupancy/occupancy-store.js";
import type { StoreDriver } from "../../../lib/occupancy/store/driver.js";
import { openDriver, type StoreSettings } from "../../../lib/occupancy/store/open-driver.js";
import { tlsOf } from "../../../lib/occupancy/store/server.js";
import { findCommand, requireOnMachine } from "../../setup.js";
import { makeCertificates } from "../../support/certificates.js";
import { missingDatabase, sharedDatabase, startDatabase } from "../../support/databases.js";
import { freePort } from "../../support/free-port.js";
import { MASTER, macOf, OCTOBER, OTHER_MASTER } from "../../support/occupancy.js";

async function run(driver: StoreDriver, sql: string): Promise<void> {
  for (const statement of sql.split(";").filter((text) => text.trim() !== "")) await driver.exec(statement);
}

const login = { user: "u", database: "d" };

describe("occupancy database servers", function () {
  this.timeout(180_000);

  it("get TLS with a checked certificate unless they are on this machine", () => {
    for (const host of [undefined, "127.0.0.1", "127.1.2.3", "localhost", "::1"]) {
      assert.equal(tlsOf({ ...login, ...(host ? { host } : {}) }), undefined);
    }
    assert.deepEqual(tlsOf({ ...login, host: "db.example.net" }), {
      rejectUnauthorized: true,
      servername: "db.example.net",
    });
    for (const host of ["10.0.0.5", "localhost.example.net", "127.0.0.1.example.net", "::2"]) {
      assert.equal(tlsOf({ ...login, host })?.rejectUnauthorized, true, host);
    }
    assert.deepEqual(tlsOf({ ...login, ca: "PEM" }), { rejectUnauthorized: true, ca: "PEM" });
  });

  it("are refused with what is missing in the settings", async () => {
    for (const bad of [
      { kind: "sqlite", path: "" },
      { kind: "postgresql", user: "", database: "d" },
      { kind: "mysql", user: "u", database: "" },
    ] as StoreSettings[]) {
      await assert.rejects(openDriver(bad), { name: "StoreFailure", code: "SETTINGS" });
    }
  });

  for (const kind of ["postgresql", "mysql"] as const) {
    it(`say that ${kind} cannot be reached, with its address and no password`, async () => {
      const port = await freePort();
      const driver = await openDriver({ kind, host: "127.0.0.1", port, ...login, password: "hidden" });
      await assert.rejects(driver.exec("SELECT 1"), (error: Error & { code?: string }) => {
        return (
          error.code === "UNREACHABLE" && error.message.includes(`127.0.0.1:${port}`) && !/hidden/.test(error.message)
        );
      });
      await driver.close();
      await driver.close();
    });

    it(`give ${kind} work enough with the rights of the how-to guide`, async function () {
      const missing = missingDatabase(kind);
      requireOnMachine(this, missing === undefined, missing ?? "");
      const database = await sharedDatabase(kind);
      const administrator = await openDriver(await database.fresh());
      try {
        const page = readFileSync(join(__dirname, "../../../docs/how-to/count-people.md"), "utf8");
        const blocks = [...page.matchAll(/^```sql\n([\s\S]*?)^```/gm)].map(([, sql]) => sql as string);
        const sql = blocks.find((text) => /IDENTIFIED BY/.test(text) === (kind === "mysql")) as string;
        const settings = { ...(await database.fresh()), database: "occupancy" } as StoreSettings;
        // The tests' server has no certificate, and its clients are on this machine.
        const [first = "", second = ""] = sql
          .replaceAll("10.0.0.5", "%")
          .replace(" REQUIRE SSL", "")
          .split("\\c occupancy\n");
        await run(administrator, first);
        if (second) {
          const inside = await openDriver(settings);
          await run(inside, second);
          await inside.close();
        }
        const own = { ...settings, user: "occupancy", password: "choose one" } as StoreSettings;
        const store = OccupancyStore.open({ store: own, masters: [MASTER], tags: true });
        await store.ingest([{ mac: macOf(1), ap: "a", start: OCTOBER, duration: 60 }]);
        await store.rollUp(OCTOBER, OCTOBER + 60);
        assert.equal((await store.count("all", OCTOBER, OCTOBER + 60)).count, 1);
        await store.verify();
        await store.close();
        const next = OccupancyStore.open({ store: own, masters: [OTHER_MASTER, MASTER] });
        assert.ok((await next.rotate()) > 0);
        await next.erase(macOf(1));
        assert.deepEqual(await next.dropBefore("202701"), ["202610"]);
        await next.close();
        const user = await openDriver(own);
        await assert.rejects(user.exec("CREATE DATABASE elsewhere"), { code: "DATABASE" });
        await user.close();
      } finally {
        await administrator.close();
      }
    });

    it(`are spoken to by TLS in ${kind}, and one that another authority signed is refused`, async function () {
      const missing = missingDatabase(kind) ?? (findCommand("openssl") ? undefined : "apt-get install openssl");
      requireOnMachine(this, missing === undefined, missing ?? "");
      const folder = mkdtempSync(join(tmpdir(), "redoubt-servers-"));
      const own = makeCertificates(folder, "own");
      const foreign = makeCertificates(folder, "foreign");
      const database = await startDatabase(kind, own);
      try {
        const settings = (await database.fresh()) as StoreSettings & { kind: typeof kind };
        const driver = await openDriver({ ...settings, ca: readFileSync(own.authority, "utf8") });
        const sql =
          kind === "postgresql"
            ? "SELECT version AS v FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            : "SELECT VARIABLE_VALUE AS v FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_VERSION'";
        assert.match(String((await driver.all({ sql, parameters: [] }))[0]?.v), /^TLSv1\.[23]$/);
        await driver.close();
        const fooled = await openDriver({ ...settings, ca: readFileSync(foreign.authority, "utf8") });
        await assert.rejects(fooled.exec("SELECT 1"), /certificate|signature/i);
        await fooled.close();
      } finally {
        await database.remove();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
