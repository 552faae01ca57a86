import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { packageRoot, peerFolder } from "../../lib/common/package-root.js";
import { scratchFolder } from "../harness/leftovers.js";
import { OwnProcess } from "../harness/own-process.js";
import { Unavailable } from "../harness/suite.js";
import type { RunningRelay } from "./contender.js";

export interface NodeRedOptions {
  flow: readonly object[];
  credentials: Readonly<Record<string, Record<string, string>>>;
  /** REDOUBT_HOME. */
  home: string;
  /** Node's own options, e.g. for a profiler. */
  nodeOptions?: readonly string[];
}

/** A port of the loopback interface that nobody listens on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address) resolve(address.port);
        else reject(new Error("the system gave no port"));
      });
    });
  });
}

/**
 * The Node-RED that is installed beside this package, with the built palette and a user folder of its own.
 *
 * @throws {Unavailable} where Node-RED is not installed or the palette is not built.
 */
export async function startNodeRed(options: NodeRedOptions): Promise<RunningRelay> {
  const root = packageRoot();
  if (!existsSync(join(root, "dist", "nodes"))) throw new Unavailable("the palette is not built; run: npm run build");
  const script = join(peerFolder("node-red"), "red.js");
  const userDir = scratchFolder();
  // Without it Node-RED looks for a package.json further up and makes that folder its own.
  mkdirSync(join(userDir.path, "node_modules"));
  writeFileSync(join(userDir.path, "flows.json"), JSON.stringify(options.flow));
  // The folder is private and gone after the run, so its credentials need no encryption.
  writeFileSync(join(userDir.path, "flows_cred.json"), JSON.stringify(options.credentials), { mode: 0o600 });
  const settings = {
    userDir: userDir.path,
    flowFile: "flows.json",
    credentialSecret: false,
    nodesDir: [root],
    uiHost: "127.0.0.1",
    uiPort: await freePort(),
    telemetry: { enabled: false, updateNotification: false },
    logging: { console: { level: "warn", metrics: false, audit: false } },
  };
  const settingsFile = join(userDir.path, "settings.js");
  writeFileSync(settingsFile, `module.exports = ${JSON.stringify(settings)};\n`);
  const nodeRed = new OwnProcess("Node-RED", {
    command: process.execPath,
    args: [...(options.nodeOptions ?? []), script, "-u", userDir.path, "-s", settingsFile],
    env: { REDOUBT_HOME: options.home },
  });
  return {
    pid: nodeRed.pid,
    get output() {
      return nodeRed.output;
    },
    failure: () => nodeRed.failure(),
    stop: async () => {
      await nodeRed.stop("SIGINT");
      userDir.remove();
    },
  };
}
