import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownCertificate } from "../../../cli/launch/own-certificate.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { httpExchange } from "../../../simulator/common/http-exchange.js";
import type { Attacker } from "../../../simulator/devices/attacker.js";
import { poisonedBatch } from "../../../simulator/devices/attacks/poisoned-batch.js";
import { gatewayRefusals } from "../../../simulator/devices/judge/gateway-refusals.js";
import { Recorder } from "../../../simulator/devices/recorder.js";
import { makeCertificates } from "../../support/certificates.js";

const TIMEOUT_MS = 60_000;

describe("the simulator and a server with a certificate for another name", () => {
  let folder: string;
  let server: ReturnType<typeof createServer>;
  let origin: string;
  let certificate: { file: string; name: string };
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-exchange-"));
    const { certificate: cert, key } = makeCertificates(folder, "own", "DNS:gateway.example.org");
    certificate = ownCertificate(cert);
    server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
      request.resume().once("end", () => {
        if (request.url === "/status") response.end('{"rejected":{"AUTH":3}}');
        else response.writeHead(401).end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    rmSync(folder, { recursive: true });
  });

  it("asks the own server for its status and posts batches to it", async () => {
    const own = { origin, certificate };
    assert.deepEqual(await gatewayRefusals(`${origin}/status`, own), { AUTH: 3 });
    const outcome = await poisonedBatch({
      attacker: { isStopped: false } as Attacker,
      recorder: new Recorder([]),
      victims: [],
      held: [],
      random: new SeededRandom(1),
      messages: 4,
      server: { url: `${origin}/api/batches`, gatewayId: "gw-1", own },
    });
    assert.deepEqual([outcome.requests, outcome.accepted], [4, 0]);
  });

  it("trusts no other server by that certificate, and no other certificate at all", async () => {
    const at = (own: object) => httpExchange(`${origin}/status`, { timeoutMs: TIMEOUT_MS, ...own });
    await assert.rejects(at({}), /certificate/);
    await assert.rejects(at({ own: { origin } }), /certificate/);
    await assert.rejects(at({ own: { origin: "https://127.0.0.1:1", certificate } }), /certificate/);
    await assert.rejects(
      at({ own: { origin, certificate: { ...certificate, name: "else.example.org" } } }),
      /altnames/,
    );
    const { certificate: other } = makeCertificates(folder, "other", "DNS:gateway.example.org");
    await assert.rejects(at({ own: { origin, certificate: { ...certificate, file: other } } }), /certificate/);
  });
});
