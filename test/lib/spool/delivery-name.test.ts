import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificateName } from "../../../lib/common/certificate-name.js";
import { makeBatch } from "../../../lib/spool/batch.js";
import { HttpDelivery, type HttpDeliveryOptions } from "../../../lib/spool/http-delivery.js";
import { type Certificates, makeCertificates } from "../../support/certificates.js";

const batch = makeBatch({ gatewayId: "g", spool: "s", first: 1, last: 1, at: 0, records: [Buffer.from("{}")] });

describe("delivery to a server of this machine that is certified under another name", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-name-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  async function outcomes(server: Certificates, attempts: readonly Partial<HttpDeliveryOptions>[]) {
    const cert = { cert: readFileSync(server.certificate), key: readFileSync(server.key) };
    const secure = createServer(cert, (request, response) => {
      request.resume().once("end", () => response.end("{}"));
    }).listen(0, "127.0.0.1");
    await once(secure, "listening");
    const url = new URL(`https://127.0.0.1:${(secure.address() as AddressInfo).port}/`);
    const found: string[] = [];
    for (const options of attempts) {
      const delivery = new HttpDelivery({ url, token: () => "t", ...options });
      found.push((await delivery.post(batch, AbortSignal.timeout(10_000))).outcome);
      delivery.close();
    }
    secure.close();
    return found;
  }

  it("asks for the name of the certificate, and trusts its authority or itself alone", async () => {
    const own = makeCertificates(folder, "own", "DNS:*.example.org,IP:192.0.2.1");
    const stranger = makeCertificates(folder, "stranger", "DNS:*.example.org");
    const serverName = certificateName(readFileSync(own.certificate)) as string;
    assert.equal(serverName, "redoubt.example.org");
    const attempts = [
      { caFile: own.authority },
      { caFile: own.authority, serverName },
      { caFile: own.certificate, serverName },
      { caFile: own.authority, serverName: "192.0.2.1" },
      { caFile: own.authority, serverName: "127.0.0.1" },
      { caFile: own.authority, serverName: "example.net" },
      { caFile: stranger.authority, serverName },
      { caFile: stranger.certificate, serverName },
      { serverName },
    ];
    const [ok, no] = ["delivered", "failed"];
    assert.deepEqual(await outcomes(own, attempts), [no, ok, ok, ok, no, no, no, no, no]);
  });

  it("takes an address where there is no name, and the subject where there is neither", () => {
    const name = (alternatives: string) =>
      certificateName(readFileSync(makeCertificates(folder, "x", alternatives).certificate));
    assert.equal(name("IP:192.0.2.7,DNS:a.example.org,DNS:b.example.org"), "a.example.org");
    assert.equal(name("IP:192.0.2.7"), "192.0.2.7");
    assert.equal(name("email:a@example.org"), "broker");
    assert.throws(() => certificateName("nonsense"));
  });
});
