import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import { createKeyFile } from "../../lib/envelope/key-file.js";
import { writeRegistry } from "../../lib/registry/registry-file.js";
import { finishIntake } from "../../nodes/common/intake.js";
import { readiness } from "../../nodes/common/readiness.js";
import registryNode from "../../nodes/device-registry/device-registry.js";
import gatewayIn from "../../nodes/gateway-in/gateway-in.js";
import verifyNode from "../../nodes/verify/verify.js";
import { DeviceCrypto } from "../../simulator/devices/device-crypto.js";
import { type GatewayDevice, makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { Sensors } from "../../simulator/devices/sensors.js";
import { findCommand, requireOnMachine } from "../setup.js";
import { findMosquitto } from "../support/brokers.js";
import { type Certificates, makeCertificates, makeClientCertificate } from "../support/certificates.js";
import { freePort } from "../support/free-port.js";

helper.init(require.resolve("node-red"));

const GATEWAY = "device-gateway";
/** What is refused is tried again for ever: it is given up. What is allowed may take longer where much else runs. */
const REFUSED_MS = 4000;
const ALLOWED_MS = 60_000;

/** As docs/how-to/run-a-device-gateway.md has it. */
function configOf(port: number, { authority, certificate, key }: Certificates, acl: string): string {
  return [
    process.getuid?.() === 0 ? "user root" : "",
    `listener ${port} 127.0.0.1`,
    `cafile ${authority}`,
    `certfile ${certificate}`,
    `keyfile ${key}`,
    "require_certificate true",
    "use_identity_as_username true",
    `acl_file ${acl}`,
  ].join("\n");
}

const ACL = `user ${GATEWAY}\ntopic read iot/devices/+/data\n\npattern write iot/devices/%u/data\n`;

describe("devices and a gateway with client certificates at a real Mosquitto", function () {
  this.timeout(180_000);
  let home: string;
  let broker: ChildProcess;
  let port: number;
  let fleetKey: Buffer;
  let ours: Record<string, Certificates>;
  let foreign: Certificates;
  let accepted: NodeMessage[];
  let refused: (NodeMessage & { rejected?: { code: string } })[];
  const fleet = makeGatewayFleet({ devices: 2, seed: 5, profiles: ["cose-a128gcm"] });
  const [pump, other] = fleet as [GatewayDevice, GatewayDevice];
  let sent = 0;

  before(async function () {
    requireOnMachine(this, findMosquitto() !== undefined, "mosquitto (apt-get install mosquitto)");
    const client = findCommand("mosquitto_pub");
    requireOnMachine(this, client !== undefined, "mosquitto_pub (apt-get install mosquitto-clients)");
    requireOnMachine(this, findCommand("openssl") !== undefined, "openssl");
    home = mkdtempSync(join(tmpdir(), "redoubt-client-certificates-"));
    process.env.REDOUBT_HOME = home;
    const server = makeCertificates(home, "ours");
    makeCertificates(home, "foreign");
    const names = [GATEWAY, pump.id, other.id];
    ours = Object.fromEntries(names.map((name) => [name, makeClientCertificate(home, "ours", name)]));
    foreign = makeClientCertificate(home, "foreign", pump.id);
    port = await freePort();
    const [config, acl] = [join(home, "mosquitto.conf"), join(home, "acl")];
    writeFileSync(acl, ACL, { mode: 0o600 });
    writeFileSync(config, configOf(port, server, acl));
    broker = spawn(findMosquitto() as string, ["-c", config], { stdio: "ignore" });
    fleetKey = createKeyFile(join(home, "keys", "fleet.key"), "aes-256").primary;
    writeRegistry(join(home, "devices.json"), {
      version: 1,
      devices: fleet.map(({ id, profile }) => ({ id, profile })),
    });
    await helper.startServer();
  });
  after(async () => {
    await helper.stopServer();
    if (broker && broker.exitCode === null) {
      broker.kill();
      await once(broker, "exit");
    }
    delete process.env.REDOUBT_HOME;
    if (home) rmSync(home, { recursive: true, force: true });
  });
  afterEach(() => helper.unload());

  async function loadGateway(files: Partial<Certificates>): Promise<void> {
    [accepted, refused] = [[], []];
    await helper.load(
      [gatewayIn, registryNode, verifyNode],
      [
        { id: "fleet", type: "redoubt-device-registry", path: "devices.json", fleetKey: "fleet.key" },
        {
          ...{ id: "in", type: "redoubt-gateway-in", url: `mqtts://127.0.0.1:${port}`, topics: "iot/devices/+/data" },
          ...{ caFile: ours[GATEWAY]?.authority, certificateFile: files.certificate ?? "", keyFile: files.key ?? "" },
          wires: [["verify"], []],
        },
        {
          id: "verify",
          type: "redoubt-verify",
          registry: "fleet",
          schema: "built-in",
          wires: [["accepted"], ["refused"]],
        },
        { id: "accepted", type: "helper" },
        { id: "refused", type: "helper" },
      ],
    );
    helper.getNode("accepted").on("input", (message) => {
      finishIntake(message);
      accepted.push(message);
    });
    helper.getNode("refused").on("input", (message) => refused.push(message));
  }
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const isReady = () => readiness().find(({ part }) => part === "gateway-in")?.ready === true;

  /**
   * A reading of a device, published by mosquitto_pub at QoS 1: it tries again for ever where it is refused after the
   * handshake, as TLS 1.3 has it.
   *
   * @returns what that said; empty where the broker has acknowledged it.
   */
  function publish(
    device: GatewayDevice,
    files: Partial<Certificates>,
    topic = device.topic,
    patienceMs = ALLOWED_MS,
  ): string {
    const counter = ++sent;
    const now = Date.now();
    const file = join(home, "message");
    const payload = new Sensors(device).payload(now, counter);
    writeFileSync(file, DeviceCrypto.of(device, fleetKey, 1).seal(payload, device.topic, counter, now));
    const { certificate, key } = files;
    const own = certificate && key ? ["--cert", certificate, "--key", key] : [];
    const ca = ["--cafile", ours[GATEWAY]?.authority as string];
    const to = ["-h", "127.0.0.1", "-p", String(port), "-q", "1", "-t", topic, "-f", file];
    const { status, stderr } = spawnSync("mosquitto_pub", [...to, ...ca, ...own], {
      encoding: "utf8",
      timeout: patienceMs,
      killSignal: "SIGKILL",
    });
    return status === 0 ? "" : `not acknowledged ${stderr}`;
  }

  it("accepts a device that has one, and hears none of one that has none or one of another authority", async () => {
    await loadGateway(ours[GATEWAY] as Certificates);
    await until(isReady);
    for (const files of [{}, foreign]) {
      assert.match(publish(pump, files, pump.topic, REFUSED_MS), /not acknowledged/);
    }
    assert.equal(publish(pump, ours[pump.id] as Certificates), "");
    assert.equal(publish(other, ours[other.id] as Certificates), "");
    await until(() => accepted.length === 2);
    assert.deepEqual(
      accepted.map((message) => (message as { device?: { id: string } }).device?.id),
      [pump.id, other.id],
    );
    assert.deepEqual(refused, []);
  });

  it("lets a device publish under the name of its certificate alone, and takes nothing that its key did not seal", async () => {
    await loadGateway(ours[GATEWAY] as Certificates);
    await until(isReady);
    // MQTT 3.1.1 has no refusal of a message: the broker acknowledges it and keeps it to itself.
    assert.equal(publish(pump, ours[other.id] as Certificates), "");
    // Under its own topic the other one's message arrives, and verify knows that it is not of that topic.
    assert.equal(publish(pump, ours[other.id] as Certificates, other.topic), "");
    assert.equal(publish(pump, ours[pump.id] as Certificates), "");
    await until(() => accepted.length === 1 && refused.length === 1);
    assert.deepEqual([accepted[0]?.topic, refused[0]?.topic], [pump.topic, other.topic]);
    assert.equal(refused[0]?.rejected?.code, "TOPIC_MISMATCH");
  });

  it("says that there is no connection where the gateway itself has none", async () => {
    await loadGateway({});
    const problem = () => readiness().find(({ part }) => part === "gateway-in")?.reason ?? "";
    await until(() => /no connection to the broker|closed the connection/.test(problem()));
    assert.equal(isReady(), false);
  });
});
