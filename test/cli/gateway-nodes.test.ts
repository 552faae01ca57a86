import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareHome } from "../../cli/launch/first-run.js";
import { installFlows } from "../../cli/launch/flow-store.js";
import { type Delivery, withToken } from "../../cli/launch/gateway-nodes.js";
import { decryptCredentials, encryptCredentials } from "../../cli/launch/node-red-credentials.js";
import { ownCertificate } from "../../cli/launch/own-certificate.js";
import type { FlowNode } from "../../cli/launch/shipped-flows.js";
import { homeAt } from "../../lib/common/home.js";
import { makeCertificates } from "../support/certificates.js";
import { projectRoot } from "../support/node-red.js";

const SECRET = "only for this test";
const TOKEN = "token-of-the-first-start-0123456789";
const LOGIN = { username: "device-gateway", password: "p" };

describe("start of the device gateway", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-launch-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const installWith = (delivery: Delivery, port = 4000) =>
    installFlows(
      projectRoot,
      folder,
      SECRET,
      { host: "127.0.0.1", port, tls: false },
      new Map([["device-gateway", LOGIN]]),
      delivery,
    );
  const install = (port: number, token = TOKEN) =>
    installWith({ serverUrl: `http://127.0.0.1:${port + 1}/api/batches`, token }, port);
  const flows = () => JSON.parse(readFileSync(join(folder, "flows.json"), "utf8")) as FlowNode[];
  const node = (id: string) => flows().find((one) => one.id === id) as FlowNode;
  const credentials = () => decryptCredentials(SECRET, readFileSync(join(folder, "flows_cred.json"), "utf8"));

  it("points the gateway at the broker and at the server, with logins for both, none of them in the flow", () => {
    assert.equal(install(4000), "created");
    assert.equal(node("rdbt-gw-in").url, "mqtt://127.0.0.1:4000");
    assert.equal(node("rdbt-broker-gw").port, "4000");
    assert.equal(node("rdbt-gw-spool").url, "http://127.0.0.1:4001/api/batches");
    const known = credentials();
    assert.deepEqual(known["rdbt-gw-in"], LOGIN);
    assert.deepEqual(known["rdbt-broker-gw"], { user: "device-gateway", password: "p" });
    assert.deepEqual(known["rdbt-gw-spool"], { token: TOKEN });
    assert.deepEqual(known["rdbt-srv-in"], { tokens: `gateway-1 ${TOKEN}` });
    const text =
      readFileSync(join(folder, "flows.json"), "utf8") + readFileSync(join(folder, "flows_cred.json"), "utf8");
    assert.ok(!text.includes(TOKEN));
    assert.equal(install(5000), "updated");
    assert.equal(node("rdbt-gw-spool").url, "http://127.0.0.1:5001/api/batches");
  });

  it("knows its own server by the certificate, under the name that this has, and forgets it without one", () => {
    const { certificate, key } = makeCertificates(folder, "own", "DNS:gateway.example.org,DNS:other.example.org");
    const own = ownCertificate(certificate);
    assert.deepEqual(own, { file: certificate, name: "gateway.example.org" });
    const delivery = { serverUrl: "https://127.0.0.1:4001/api/batches", token: TOKEN };
    installWith({ ...delivery, certificate: own });
    const { url, caFile, serverName } = node("rdbt-gw-spool");
    assert.deepEqual([url, caFile, serverName], [delivery.serverUrl, certificate, "gateway.example.org"]);
    install(4000);
    assert.deepEqual([node("rdbt-gw-spool").caFile, node("rdbt-gw-spool").serverName], ["", ""]);
    assert.throws(() => ownCertificate(join(folder, "missing.pem")), /REDOUBT_TLS_CERT/);
    assert.throws(() => ownCertificate(key), /REDOUBT_TLS_CERT/);
  });

  it("keeps a server that somebody entered, its token, and the tokens of other gateways", () => {
    install(4000);
    const elsewhere = "https://server.example.org/api/batches";
    const changed = flows().map((one) => (one.id === "rdbt-gw-spool" ? { ...one, url: elsewhere } : one));
    writeFileSync(join(folder, "flows.json"), JSON.stringify(changed));
    const known = credentials();
    known["rdbt-gw-spool"] = { token: "of the other server" };
    known["rdbt-srv-in"] = { tokens: `gateway-7 another-token-0123456789\ngateway-1 stale-token-0123456789` };
    writeFileSync(join(folder, "flows_cred.json"), encryptCredentials(SECRET, known));
    assert.equal(install(6000), "kept");
    assert.equal(node("rdbt-gw-spool").url, elsewhere);
    assert.equal(node("rdbt-gw-in").url, "mqtt://127.0.0.1:6000", "the broker follows the settings");
    assert.deepEqual(credentials()["rdbt-gw-spool"], { token: "of the other server" });
    const { tokens } = credentials()["rdbt-srv-in"] as { tokens: string };
    assert.deepEqual(tokens.split("\n"), [`gateway-1 ${TOKEN}`, "gateway-7 another-token-0123456789"]);
  });

  it("sets one gateway's line and leaves the rest", () => {
    assert.equal(withToken("", "a", "1"), "a 1");
    assert.equal(withToken("\n b 2 \r\na 0\n", "a", "1"), "a 1\n b 2 ");
    assert.equal(withToken("ab 2", "a", "1"), "a 1\nab 2");
  });

  it("makes the token once, for nobody else to read", () => {
    const home = homeAt(join(folder, "home"), folder);
    const { gatewayToken, accounts } = prepareHome(home);
    assert.equal(Buffer.from(gatewayToken, "base64url").length, 32);
    assert.ok(accounts["device-gateway"]);
    const path = join(home.keys, "gateway.token");
    assert.ok(existsSync(path));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(prepareHome(home).gatewayToken, gatewayToken);
  });
});
