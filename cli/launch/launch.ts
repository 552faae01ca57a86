import { once } from "node:events";
import { join } from "node:path";
import { assertSafeBinding } from "../../lib/access/binding.js";
import { loadLogins } from "../../lib/access/logins.js";
import { type BrokerProcess, forkBroker } from "../../lib/broker/fork.js";
import { packageRoot, peerFolder } from "../../lib/common/package-root.js";
import { CommandFailure } from "../failure.js";
import { answers, hostInUrl } from "./answers.js";
import { assertBrokerReachable, assertPortFree, assertWritableHome } from "./checks.js";
import { Child } from "./child.js";
import { prepareHome, type Secrets } from "./first-run.js";
import { type BrokerLogin, installFlows } from "./flow-store.js";
import type { LaunchOptions } from "./options.js";
import { ownCertificate } from "./own-certificate.js";

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 200;
/** V8 would let garbage grow with the machine's memory: several times what the flows need. */
const NODE_RED_HEAP = "--max-old-space-size=1024";

/** A running Redoubt: broker (unless another one is used) and Node-RED with the flows. */
export interface Running {
  secrets: Secrets;
  mqttUrl: string;
  dashboardUrl: string;
  editorUrl: string;
  /** Resolves with a reason when a part ends by itself. */
  failed: Promise<string>;
  stop(): Promise<void>;
}

/** The account of each role on the broker in use: one for all when REDOUBT_MQTT_URL carries a login. */
export function brokerLogins(options: LaunchOptions, secrets: Secrets): Map<string, BrokerLogin> {
  const entries = Object.entries(secrets.accounts);
  const { mqttLogin } = options;
  return new Map(entries.map(([name, account]) => [name, mqttLogin ?? account]));
}

/** How this machine reaches a server of its own that listens there. */
function ownHost(host: string): string {
  return host === "0.0.0.0" || host === "::" ? "127.0.0.1" : hostInUrl(host);
}

async function waitUntilServed(url: string, child: Child): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.process.exitCode !== null) break;
    if (await answers(url)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new CommandFailure(`Node-RED did not start; its log is ${child.options.logFile}`);
}

/**
 * Starts everything in order; on a failure what was started is stopped again.
 *
 * @param beforeStart called when the home is prepared and nothing runs yet.
 */
export async function launch(
  options: LaunchOptions,
  print: (line: string) => void,
  beforeStart: () => void = () => {},
): Promise<Running> {
  const { home } = options;
  assertWritableHome(home.root);
  await assertPortFree(options.host, options.port, "PORT");
  if (!options.mqttUrl) await assertPortFree("127.0.0.1", options.mqttPort, "REDOUBT_MQTT_PORT");

  const secrets = prepareHome(home);
  beforeStart();
  const logins = loadLogins(home.root);
  assertSafeBinding({
    host: options.host,
    hasEditorLogin: [...logins.values()].some((login) => login.role === "operator"),
    hasDashboardLogin: options.dashboardLogin === "required" && logins.size > 0,
  });
  const accounts = brokerLogins(options, secrets);
  if (options.mqttUrl) await assertBrokerReachable(options.mqttUrl, accounts.get("gateway"));

  const tls = options.mqttUrl?.protocol === "mqtts:";
  const address = {
    host: options.mqttUrl?.hostname ?? "127.0.0.1",
    port: options.mqttUrl ? Number(options.mqttUrl.port || (tls ? 8883 : 1883)) : options.mqttPort,
    tls,
  };
  const nodeRedScript = join(peerFolder("node-red"), "red.js");
  peerFolder("@flowfuse/node-red-dashboard");
  const root = packageRoot();
  const scheme = process.env.REDOUBT_TLS_CERT && process.env.REDOUBT_TLS_KEY ? "https" : "http";
  const origin = `${scheme}://${hostInUrl(options.host)}:${options.port}`;
  const certificate = scheme === "https" ? ownCertificate(process.env.REDOUBT_TLS_CERT ?? "") : undefined;
  const delivery = {
    serverUrl: `${scheme}://${ownHost(options.host)}:${options.port}/api/batches`,
    ...(certificate && { certificate }),
    token: secrets.gatewayToken,
  };
  if (installFlows(root, home.nodeRed, secrets.credentialSecret, address, accounts, delivery) === "kept") {
    print(
      `Flows changed in the editor are kept (${join(home.nodeRed, "flows.json")}); new ones are under Import > Examples.`,
    );
  }

  let broker: BrokerProcess | undefined;
  let nodeRed: Child | undefined;
  const stop = async () => {
    await nodeRed?.stop();
    await broker?.stop();
  };
  try {
    if (!options.mqttUrl) broker = await forkBroker({ home: home.root, host: "127.0.0.1", port: options.mqttPort });
    nodeRed = new Child({
      name: "Node-RED",
      args: [
        NODE_RED_HEAP,
        join(root, "dist", "cli", "launch", "node-red-process.js"),
        nodeRedScript,
        "-u",
        home.nodeRed,
        "-s",
        join(root, "settings.js"),
      ],
      env: {
        REDOUBT_HOME: home.root,
        REDOUBT_HOST: options.host,
        // Its login is in Node-RED's credential file; nothing in a flow should find it in the environment.
        REDOUBT_MQTT_URL: undefined,
        PORT: String(options.port),
        REDOUBT_DASHBOARD_LOGIN: options.dashboardLogin,
      },
      logFile: join(home.root, "logs", "node-red.log"),
      onLine: (line) => {
        if (/\[(warn|error)\]/.test(line) && !line.includes("Projects disabled")) print(line);
      },
    });
    await waitUntilServed(`${origin}/ui`, nodeRed);
    const failed = Promise.race([
      nodeRed.ended.then((code) => `Node-RED ended (${code}); its log is ${join(home.root, "logs", "node-red.log")}`),
      ...(broker ? [once(broker.child, "exit").then(([code]) => `the MQTT broker ended (${code})`)] : []),
    ]);
    return {
      secrets,
      mqttUrl: `${tls ? "mqtts" : "mqtt"}://${address.host}:${address.port}`,
      dashboardUrl: `${origin}/ui`,
      editorUrl: `${origin}/`,
      failed,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
