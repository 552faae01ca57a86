import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import bcrypt from "bcryptjs";
import type { NodeAPI } from "node-red";
import helper from "node-red-node-test-helper";
import { createDashboardGuard } from "../../lib/access/dashboard-guard.js";
import { isLocalRequest } from "../../lib/access/status-access.js";
import { openDatabase } from "../../lib/common/sqlite.js";
import { createKeyFile } from "../../lib/envelope/key-file.js";
import { writeRegistry } from "../../lib/registry/registry-file.js";
import type { LedgerNode } from "../../nodes/common/ledger.js";
import { type Readiness, registerReadiness } from "../../nodes/common/readiness.js";
import registryNode from "../../nodes/device-registry/device-registry.js";
import gatewayStatusNode from "../../nodes/gateway-status/gateway-status.js";
import ledgerConfigNode from "../../nodes/ledger-config/ledger-config.js";
import { lastStatus, loggedErrors } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

const logins = new Map([["vera", { password: bcrypt.hashSync("look", 4), role: "viewer" as const }]]);
const httpNodeAuth = { user: "probe", pass: bcrypt.hashSync("sesame", 4) };
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});
/** As a reverse proxy would hand it on. */
const REMOTE = { "x-forwarded-for": "192.0.2.7" };

/** Node-RED's HTTP side, of which the helper makes a new one with each load but never lets it listen. */
let httpNode: RequestListener;
const captureHttp = (RED: NodeAPI) => {
  httpNode = RED.httpNode as unknown as RequestListener;
};
let server: Server;

interface Answer {
  code: number | undefined;
  body: Record<string, unknown>;
  text: string;
}

function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    request(`http://127.0.0.1:${port}${path}`, { headers, agent: false }, (response) => {
      let text = "";
      response.on("data", (data) => {
        text += data;
      });
      response.on("end", () => {
        const isJson = String(response.headers["content-type"]).startsWith("application/json");
        resolve({ code: response.statusCode, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {}, text });
      });
    })
      .on("error", reject)
      .end();
  });
}

describe("gateway-status node", () => {
  let home: string;
  const releases: (() => void)[] = [];
  before(async () => {
    await helper.startServer();
    server = createServer((incoming, response) => httpNode(incoming, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    helper.settings({});
    await new Promise((resolve) => server.close(resolve));
    await helper.stopServer();
  });
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-status-"));
    process.env.REDOUBT_HOME = home;
    helper.settings({ dashboard: createDashboardGuard({ loginRequired: true, logins }), httpNodeAuth });
    createKeyFile(join(home, "keys", "fleet.key"), "aes-256");
    writeRegistry(join(home, "devices.json"), {
      version: 1,
      devices: ["secret-a", "secret-b"].map((id) => ({ id, profile: "fernet" as const })),
    });
  });
  afterEach(async () => {
    for (const release of releases.splice(0)) release();
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true, force: true });
  });
  const load = async (config: Record<string, unknown> = {}, ...more: { id: string; type: string }[]) => {
    await helper.load(
      [captureHttp, ledgerConfigNode, registryNode, gatewayStatusNode],
      [
        { id: "ledger", type: "redoubt-ledger-config", origin: "redoubt.test/log", groupMs: 2 },
        { id: "fleet", type: "redoubt-device-registry", path: "devices.json", fleetKey: "fleet.key" },
        {
          id: "status",
          type: "redoubt-gateway-status",
          gatewayId: "gw-1",
          ledger: "ledger",
          registry: "fleet",
          ...config,
        },
        ...more,
      ],
    );
  };
  const part = (name: string, state: () => Partial<Readiness> = () => ({ ready: true })) => {
    releases.push(registerReadiness(name, () => ({ part: name, ready: true, ...state() })));
  };
  const ledger = () => helper.getNode("ledger") as LedgerNode;
  const tell = async (...messages: Record<string, unknown>[]) => {
    for (const message of messages) helper.getNode("status").receive(message);
    await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it("answers /status with the seed's fields, the spool's, and the ledger's head; no names, no payloads", async () => {
    await load();
    part("gateway-in");
    part("spool-out");
    const [{ checkpoint } = assert.fail()] = await ledger().append([{ kind: "drop", at: 1 }]);
    await tell(
      { rejected: { code: "REPLAY", reason: "secret-a" }, payload: { temperature: 21 } },
      { rejected: { code: "AUTH", reason: "x" } },
      {
        topic: "spool",
        payload: {
          buffer_size: 12,
          oldest_age_s: 3.5,
          spool_bytes: 4096,
          acked_total: 512,
          delivered_total: 500,
          dropped_total: 0,
          dead_letters: 1,
          flush_ok: 10,
          flush_fail: 2,
          last_flush_error: "503",
        },
      },
      { payload: "anything else" },
    );
    const { code, body, text } = await get("/status");
    const { uptime, ...rest } = body;
    assert.equal(code, 200);
    assert.equal(typeof uptime, "number");
    assert.deepEqual(rest, {
      status: "ok",
      gateway_id: "gw-1",
      registered_devices: 2,
      ...{ buffer_size: 12, flush_ok: 10, flush_fail: 2, last_flush_error: "503" },
      ...{
        oldest_age_s: 3.5,
        spool_bytes: 4096,
        acked_total: 512,
        delivered_total: 500,
        dropped_total: 0,
        dead_letters: 1,
      },
      rejected: { REPLAY: 1, AUTH: 1 },
      replay_rejected: 1,
      firewall: null,
      ledger: { height: 1, head: checkpoint.rootHash },
    });
    assert.equal(text.includes("secret"), false);
  });

  it("answers /healthz and /pi/health", async () => {
    await load();
    assert.deepEqual([(await get("/healthz")).code, (await get("/healthz")).body.status], [200, "ok"]);
    const { code, body } = await get("/pi/health");
    assert.equal(code, 200);
    assert.ok(["cpu_temperature_c", "ram", "disk", "load_average", "process"].every((name) => name in body));
    assert.ok((body.ram as { total_bytes: number }).total_bytes > 0);
  });

  it("is ready only with broker, spool and ledger, and names what is not", async () => {
    await load();
    let broker: Partial<Readiness> = {};
    let spool: Partial<Readiness> = {};
    const ready = async () => {
      const { code, body } = await get("/readyz");
      return [code, body.broken];
    };
    assert.deepEqual(await ready(), [503, ["gateway-in", "spool-out"]], "not deployed");
    part("gateway-in", () => broker);
    part("spool-out", () => spool);
    assert.deepEqual(await ready(), [200, []]);
    broker = { ready: false, reason: "no connection to the broker: ECONNREFUSED" };
    assert.deepEqual(await ready(), [503, ["gateway-in"]]);
    assert.equal((await get("/status")).body.status, "degraded");
    assert.equal((await get("/healthz")).code, 200, "the process lives");
    broker = {};
    spool = { ready: false, reason: "the spool is full" };
    const full = await get("/readyz");
    assert.deepEqual([full.code, full.body.broken], [503, ["spool-out"]]);
    assert.match(full.text, /the spool is full/);
    spool = {};
    await ledger().append([{ kind: "drop", at: 1 }]);
    assert.deepEqual(await ready(), [200, []]);
    ledger().ledger?.close();
    assert.deepEqual(await ready(), [503, ["ledger"]]);
    assert.equal((await get("/status")).body.ledger, null);
  });

  it("is not ready while the ledger refuses to be written, and is again when it does not", async () => {
    await load({ expects: "" });
    const ready = async () => {
      const { code, body } = await get("/readyz");
      return [code, body.broken];
    };
    const database = openDatabase(join(home, "state", "ledger.db"));
    const refuse = (table: string) =>
      database.exec(`CREATE TRIGGER no_${table} BEFORE INSERT ON ${table} BEGIN SELECT RAISE(FAIL, 'no room'); END`);
    for (const table of ["meta", "entry"]) refuse(table);
    assert.deepEqual(await ready(), [503, ["ledger"]], "before anything was to be recorded");
    assert.equal((await get("/healthz")).code, 200);
    assert.equal((await get("/status")).body.status, "degraded");
    for (const table of ["meta", "entry"]) database.exec(`DROP TRIGGER no_${table}`);
    assert.deepEqual(await ready(), [200, []]);
    for (const table of ["meta", "entry"]) refuse(table);
    await assert.rejects(ledger().append([{ kind: "drop", at: 1 }]), /no room/);
    const { code, text } = await get("/readyz");
    assert.equal(code, 503);
    assert.match(text, /the ledger cannot be written/);
    assert.ok(!text.includes(home), "no paths");
    database.close();
  });

  it("asks everybody who is not on this machine for a login, on every page", async () => {
    await load();
    for (const path of ["/status", "/pi/health", "/healthz", "/readyz"]) {
      for (const headers of [
        REMOTE,
        { host: "gateway.example:1880" },
        { ...REMOTE, ...basic("vera", "guess") },
        { ...REMOTE, ...basic("probe", "guess") },
        { ...REMOTE, authorization: "Bearer x" },
        { ...REMOTE, cookie: "redoubt_session=guess" },
      ]) {
        const { code, text } = await get(path, headers);
        assert.equal(code, 401, `${path} ${JSON.stringify(headers)}`);
        assert.equal(text.includes("gw-1"), false);
      }
    }
    for (let i = 0; i < 10; i++) await get("/status", { ...REMOTE, ...basic("probe", `guess ${i}`) });
    assert.equal(
      (await get("/status", { ...REMOTE, ...basic("probe", "sesame") })).code,
      401,
      "after so many failures",
    );
  });

  it("lets logins of the dashboard and of httpNodeAuth in", async () => {
    await load();
    assert.equal((await get("/status", { host: "gateway.example", ...basic("vera", "look") })).code, 200);
    assert.equal((await get("/status", { ...REMOTE, ...basic("probe", "sesame") })).code, 200);
    assert.equal((await get("/status", { ...REMOTE, ...basic("probe", "look") })).code, 401);
  });

  it("knows this machine by connection and Host header, not by either alone", () => {
    const from = (remoteAddress: string | undefined, headers: Record<string, string>) =>
      isLocalRequest({ socket: { remoteAddress }, headers } as never);
    const host = "127.0.0.1:1880";
    assert.deepEqual(
      [
        from("127.0.0.1", { host }),
        from("::1", { host: "[::1]:1880" }),
        from("::ffff:127.0.0.1", { host: "localhost" }),
      ],
      [true, true, true],
    );
    assert.equal(from("127.0.0.1", { host, origin: `http://${host}`, "sec-fetch-site": "same-origin" }), true);
    assert.deepEqual(
      [
        from("192.0.2.7", { host }),
        from(undefined, { host }),
        from("127.0.0.1", { host: "evil.example" }),
        from("127.0.0.1", {}),
        from("127.0.0.1", { host, forwarded: "for=192.0.2.7" }),
        from("127.0.0.1", { host, "x-real-ip": "192.0.2.7" }),
        from("127.0.0.1", { host, origin: "https://evil.example" }),
        from("127.0.0.1", { host, "sec-fetch-site": "cross-site" }),
      ],
      [false, false, false, false, false, false, false, false],
    );
  });

  it("answers for one node only, and for none that is gone", async () => {
    await load({}, { id: "second", type: "redoubt-gateway-status" });
    assert.match(loggedErrors().join("\n"), /answers already/);
    assert.equal(lastStatus(helper.getNode("second"))?.fill, "red");
    await helper.unload();
    assert.equal((await get("/status")).code, 404);
    await load({ ledger: "", registry: "", expects: "" });
    assert.deepEqual([(await get("/readyz")).code, (await get("/status")).body.ledger], [200, null]);
    await helper.unload();
    await load({ gatewayId: "a b" });
    assert.match(loggedErrors().join("\n"), /gateway's name/);
  });
});
