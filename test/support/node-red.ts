import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { encryptCredentials, type FlowCredentials } from "../../cli/launch/node-red-credentials.js";
import { freePort } from "./free-port.js";
import { unusedNodes } from "./unused-nodes.js";

export const projectRoot = join(__dirname, "..", "..");

export interface BootOptions {
  flows: unknown[];
  credentials?: FlowCredentials;
  /** REDOUBT_HOME; a temporary folder unless given. */
  home?: string;
  env?: Record<string, string>;
  /** A free one unless given. */
  port?: number;
  /** Node binary and Node-RED's red.js; the ones of this checkout unless given. */
  nodeBinary?: string;
  nodeRedScript?: string;
  /** Between two attempts to reach a broker; 500 unless given. A test without one has nothing but work from them. */
  mqttReconnectMs?: number;
  /** Loads every core node and the dashboard, and not only what the flows have: for what is about loading. */
  wholePalette?: boolean;
}

/** Collects what a stream says: a line, or a character, may come in two pieces. */
export function textOf(stream: Readable | null): () => string {
  let text = "";
  stream?.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  return () => text;
}

/** The lines of several streams, but for empty ones. */
export function linesOf(texts: readonly (() => string)[]): string[] {
  return texts.flatMap((text) => text().split("\n").filter(Boolean));
}

/** The Node-RED of this checkout. */
export function nodeRedScript(): string {
  return join(dirname(require.resolve("node-red/package.json")), "red.js");
}

/** A real Node-RED with the built palette, as a process of its own. */
export class BootedNodeRed {
  private constructor(
    readonly origin: string,
    readonly home: string,
    readonly userDir: string,
    private readonly child: ChildProcess,
    private readonly said: readonly (() => string)[],
    private readonly ownsHome: boolean,
  ) {}

  static async boot(options: BootOptions): Promise<BootedNodeRed> {
    const port = options.port ?? (await freePort());
    const home = options.home ?? mkdtempSync(join(tmpdir(), "redoubt-home-"));
    const userDir = mkdtempSync(join(tmpdir(), "redoubt-node-red-"));
    const secret = "for this test only";
    mkdirSync(join(userDir, "node_modules"));
    writeFileSync(join(userDir, "flows.json"), JSON.stringify(options.flows));
    if (options.credentials) {
      writeFileSync(join(userDir, "flows_cred.json"), encryptCredentials(secret, options.credentials));
    }
    const settings = join(userDir, "settings.js");
    writeFileSync(
      settings,
      `module.exports = ${JSON.stringify({
        userDir,
        flowFile: "flows.json",
        credentialSecret: secret,
        nodesDir: [projectRoot],
        ...(options.wholePalette ? {} : { nodesExcludes: unusedNodes(options.flows) }),
        uiHost: "127.0.0.1",
        uiPort: port,
        mqttReconnectTime: options.mqttReconnectMs ?? 500,
        telemetry: { enabled: false, updateNotification: false },
        editorTheme: { tours: false, palette: { catalogues: [] } },
        // As in our settings; otherwise every start asks npm for its version.
        externalModules: { palette: { allowInstall: false } },
        logging: { console: { level: "info", metrics: false, audit: false } },
      })};\n`,
    );
    const script = options.nodeRedScript ?? nodeRedScript();
    const child = spawn(options.nodeBinary ?? process.execPath, [script, "-u", userDir, "-s", settings], {
      env: { ...process.env, REDOUBT_HOME: home, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = [child.stdout, child.stderr].map(textOf);
    const booted = new BootedNodeRed(`http://127.0.0.1:${port}`, home, userDir, child, said, !options.home);
    try {
      await booted.untilLogged(/Started flows/);
    } catch (error) {
      await booted.stop();
      throw error;
    }
    return booted;
  }

  private get lines(): string[] {
    return linesOf(this.said);
  }

  get log(): readonly string[] {
    return this.lines;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Log lines that report a warning or an error; that projects are off is Node-RED's own default. */
  get complaints(): string[] {
    return this.lines.filter((line) => /\[(warn|error|fatal)\]|Error:/.test(line) && !/Projects disabled/.test(line));
  }

  async untilLogged(pattern: RegExp): Promise<string> {
    for (let i = 0; i < 1200; i++) {
      const line = this.lines.find((text) => pattern.test(text));
      if (line) return line;
      if (this.child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`Node-RED never logged ${pattern}:\n${this.lines.join("\n")}`);
  }

  async getJson(path: string): Promise<unknown> {
    const response = await fetch(`${this.origin}${path}`, { headers: { accept: "application/json" } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
    return response.json();
  }

  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once("close", resolve));
      this.child.kill(signal);
      await ended;
    }
    rmSync(this.userDir, { recursive: true, force: true });
    if (this.ownsHome) rmSync(this.home, { recursive: true, force: true });
  }
}
