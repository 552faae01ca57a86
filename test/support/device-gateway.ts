// The shipped device gateway and central server in a real Node-RED, between a real Mosquitto and the disk.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homeAt } from "../../lib/common/home.js";
import { loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { registryFileIn, writeRegistry } from "../../lib/registry/registry-file.js";
import { type GatewayDevice, makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { makeCertificates } from "./certificates.js";
import { freePort } from "./free-port.js";
import { type PersistentBroker, persistentMosquitto } from "./mosquitto-restarts.js";
import { BootedNodeRed, projectRoot } from "./node-red.js";

export interface FlowNode {
  id: string;
  type: string;
  z?: string;
  [property: string]: unknown;
}

export interface DeviceGatewayOptions {
  fleet?: readonly GatewayDevice[];
  /** Changes of nodes' properties, by their id. */
  properties?: Record<string, Record<string, unknown>>;
  /** Nodes beside the shipped ones. */
  more?: readonly FlowNode[];
  /** Variables of the gateway's own process. */
  env?: Record<string, string>;
  /** Whether the central server is a Node-RED of its own, as on a machine of its own; one for both unless asked for. */
  serverApart?: boolean;
  /** The gateway's home is a file system of its own, of this size in memory: for root alone. */
  homeMiB?: number;
  /** The broker also speaks TLS, with a certificate of an authority of its own. */
  tls?: boolean;
  /** Loads what the flows do not have as well, as a user's Node-RED does: where speed and memory are measured. */
  wholePalette?: boolean;
}

const GATEWAY_ID = "gateway-1";
const TABS = new Set(["rdbt-tab-gw", "rdbt-tab-srv"]);
const BATCHES = "/api/batches";
const OURS = "ours";

/** The working parts of a shipped flow: its pages need the dashboard, which is tested elsewhere. */
function workingParts(name: string): FlowNode[] {
  const nodes = JSON.parse(readFileSync(join(projectRoot, "flows", name), "utf8")) as FlowNode[];
  return nodes.filter(({ id, type, z }) => {
    if (type.startsWith("ui-")) return false;
    return z === undefined ? type !== "tab" || TABS.has(id) : TABS.has(z);
  });
}

/** Broker, gateway and server on this machine, with their state in one folder that goes away. */
export class DeviceGateway {
  readonly fleetKey: Buffer;
  readonly token = randomBytes(24).toString("base64url");
  private nodeRed: BootedNodeRed | undefined;
  private server: BootedNodeRed | undefined;
  private readonly logs: string[] = [];

  private constructor(
    readonly folder: string,
    readonly home: string,
    readonly fleet: readonly GatewayDevice[],
    private readonly broker: PersistentBroker,
    private readonly port: number,
    private readonly serverPort: number,
    private readonly options: DeviceGatewayOptions,
  ) {
    this.fleetKey = loadOrCreateKeyFile(join(homeAt(home, home).keys, "fleet.key"), "aes-256").all[0] as Buffer;
  }

  static async start(options: DeviceGatewayOptions = {}): Promise<DeviceGateway> {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-device-gateway-"));
    const home = join(folder, "home");
    mkdirSync(home, { mode: 0o700 });
    if (options.homeMiB !== undefined) {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${options.homeMiB}m,mode=700`, "tmpfs", home]);
    }
    const fleet = options.fleet ?? makeGatewayFleet({ devices: 4, seed: 1 });
    writeRegistry(registryFileIn(home), { version: 1, devices: fleet.map(({ id, profile }) => ({ id, profile })) });
    const broker = await persistentMosquitto(folder, options.tls ? makeCertificates(folder, OURS) : undefined);
    await broker.start();
    const port = await freePort();
    const serverPort = options.serverApart ? await freePort() : port;
    const gateway = new DeviceGateway(folder, home, fleet, broker, port, serverPort, options);
    writeFileSync(gateway.tokenFile, `${gateway.token}\n`, { mode: 0o600 });
    try {
      if (options.serverApart) await gateway.bootServer();
      await gateway.boot();
      return gateway;
    } catch (error) {
      await gateway.stop();
      throw error;
    }
  }

  get brokerUrl(): string {
    return this.broker.url;
  }

  /** With `tls`: the address, and the file of the authority. */
  get tls(): { url: string; authority: string } {
    return { url: this.broker.tlsUrl as string, authority: join(this.folder, `${OURS}-ca.pem`) };
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get serverUrl(): string {
    return `http://127.0.0.1:${this.serverPort}${BATCHES}`;
  }

  get gatewayId(): string {
    return GATEWAY_ID;
  }

  get tokenFile(): string {
    return join(this.folder, "token");
  }

  get store(): string {
    return join(this.serverHome, "state", "batches-rdbt-srv-in.db");
  }

  get ledger(): string {
    return join(this.home, "state", "ledger.db");
  }

  get pid(): number {
    return (this.nodeRed as BootedNodeRed).pid;
  }

  /** With `serverApart`: that of the central server's Node-RED. */
  get serverPid(): number {
    return (this.server as BootedNodeRed).pid;
  }

  /** Node-RED's own folder: flows, credentials, settings. */
  get userDir(): string {
    return (this.nodeRed as BootedNodeRed).userDir;
  }

  /** Everything that Node-RED has printed, of all its starts. */
  get output(): string {
    return [...this.logs, ...(this.nodeRed?.log ?? [])].join("\n");
  }

  get flows(): FlowNode[] {
    const { properties = {}, more = [] } = this.options;
    const server = this.options.serverApart ? [] : workingParts("central-server.json");
    const shipped = [...workingParts("device-gateway.json"), ...server];
    const own: Record<string, Record<string, unknown>> = {
      "rdbt-gw-in": { url: this.broker.url },
      "rdbt-broker-gw": { port: new URL(this.broker.url).port },
      "rdbt-gw-spool": { url: this.serverUrl, gatewayId: GATEWAY_ID },
    };
    return [...shipped.map((node) => ({ ...node, ...own[node.id], ...properties[node.id] })), ...more];
  }

  async boot(): Promise<void> {
    this.nodeRed = await BootedNodeRed.boot({
      flows: this.flows,
      credentials: { "rdbt-gw-spool": { token: this.token }, ...this.serverCredentials },
      home: this.home,
      port: this.port,
      ...(this.options.env && { env: this.options.env }),
      wholePalette: this.options.wholePalette ?? false,
    });
    await this.untilReady();
  }

  private get serverHome(): string {
    return this.options.serverApart ? join(this.folder, "server-home") : this.home;
  }

  private get serverCredentials() {
    return { "rdbt-srv-in": { tokens: `${GATEWAY_ID} ${this.token}` } };
  }

  private async bootServer(): Promise<void> {
    this.server = await BootedNodeRed.boot({
      flows: workingParts("central-server.json"),
      credentials: this.serverCredentials,
      home: this.serverHome,
      port: this.serverPort,
      wholePalette: this.options.wholePalette ?? false,
    });
  }

  /** The gateway's counters of refused messages, by code. */
  async rejected(): Promise<Record<string, number>> {
    const status = (await (this.nodeRed as BootedNodeRed).getJson("/status")) as { rejected: Record<string, number> };
    return status.rejected;
  }

  /** What `/status`, `/readyz` and the like answer. */
  async answer(path: string): Promise<{ code: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.origin}${path}`);
    return { code: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** Presses the button of an inject node, as a person at the editor would. */
  async press(node: string): Promise<void> {
    const response = await fetch(`${this.origin}/inject/${node}`, { method: "POST" });
    if (!response.ok) throw new Error(`POST /inject/${node}: ${response.status}`);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.logs.push(...(this.nodeRed?.log ?? []));
    await this.nodeRed?.stop("SIGKILL");
    this.nodeRed = undefined;
  }

  /** Ends the gateway in order, and looks at what it left. */
  async stopped<T>(look: () => T): Promise<T> {
    this.logs.push(...(this.nodeRed?.log ?? []));
    await this.nodeRed?.stop();
    this.nodeRed = undefined;
    return look();
  }

  async stop(): Promise<void> {
    await this.nodeRed?.stop();
    await this.server?.stop();
    await this.broker.stop();
    if (this.options.homeMiB !== undefined) execFileSync("umount", ["--lazy", this.home]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async untilReady(): Promise<void> {
    for (let i = 0; i < 1200; i++) {
      const response = await fetch(`${this.origin}/readyz`).catch(() => undefined);
      if (response?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the gateway does not become ready:\n${this.output}`);
  }
}
