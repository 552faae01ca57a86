import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answers, hostInUrl } from "../../cli/launch/answers.js";
import { findCommand, requireOnMachine } from "../setup.js";
import { makeCertificates } from "../support/certificates.js";

const reply: RequestListener = (request, response) => {
  response.writeHead(request.url === "/ui" ? 401 : 404).end();
};

async function withServer(server: Server, test: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await test((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("waiting for Node-RED", () => {
  it("takes any answer but 404 for one, and no answer for none", async () => {
    let closed = 0;
    await withServer(createServer(reply), async (port) => {
      assert.equal(await answers(`http://127.0.0.1:${port}/ui`), true);
      assert.equal(await answers(`http://127.0.0.1:${port}/other`), false);
      closed = port;
    });
    assert.equal(await answers(`http://127.0.0.1:${closed}/ui`), false);
  });

  it("does not mind a certificate that no authority of this machine signed", async function () {
    requireOnMachine(this, findCommand("openssl") !== undefined, "openssl (apt-get install openssl)");
    const folder = mkdtempSync(join(tmpdir(), "redoubt-answers-"));
    try {
      const { certificate, key } = makeCertificates(folder, "gateway");
      const server = createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, reply);
      await withServer(server, async (port) => {
        assert.equal(await answers(`https://127.0.0.1:${port}/ui`), true);
        assert.equal(await answers(`https://127.0.0.1:${port}/other`), false);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("puts IPv6 addresses into brackets", () => {
    assert.deepEqual(["127.0.0.1", "::1", "localhost"].map(hostInUrl), ["127.0.0.1", "[::1]", "localhost"]);
  });
});
