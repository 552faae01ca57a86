// The embedded broker as a process of its own. Options: --home --host --port --limits (JSON), or REDOUBT_HOME,
// REDOUBT_HOST, REDOUBT_MQTT_PORT. Started by `forkBroker` it reports over IPC and ends with its parent; started by
// hand or by a service manager it prints one line and runs until SIGTERM or SIGINT.
import { parseArgs } from "node:util";
import { homeAt } from "../common/home.js";
import { usersFileIn } from "./accounts.js";
import type { BrokerLimits } from "./limits.js";
import { type Broker, startBroker } from "./server.js";

/** What the process tells its parent. Never holds a secret. */
export type BrokerMessage =
  | { type: "ready"; port: number }
  | { type: "failed"; message: string }
  | { type: "warning"; message: string };

const DEFAULT_PORT = 1883;

function report(message: BrokerMessage): void {
  if (process.send) process.send(message);
  else if (message.type === "ready") console.log(`MQTT broker ready on port ${message.port}`);
  else console.error(`redoubt broker: ${message.message}`);
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`"${text}" is not a port`);
  return port;
}

function readLimits(text: string | undefined): Partial<BrokerLimits> {
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as Partial<BrokerLimits>;
  } catch {
    throw new Error("--limits is not JSON");
  }
}

async function start(): Promise<Broker> {
  const { values } = parseArgs({
    options: {
      home: { type: "string" },
      host: { type: "string" },
      port: { type: "string" },
      limits: { type: "string" },
    },
  });
  const home = homeAt(values.home ?? process.env.REDOUBT_HOME, process.cwd());
  return await startBroker({
    host: values.host ?? (process.env.REDOUBT_HOST || "127.0.0.1"),
    port: readPort(values.port ?? process.env.REDOUBT_MQTT_PORT),
    usersFile: usersFileIn(home.root),
    limits: readLimits(values.limits),
    onWarning: (message) => report({ type: "warning", message }),
  });
}

function stopWith(broker: Broker): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    broker.close().finally(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  // Ctrl-C reaches the whole group; under a parent it is the parent that decides when the broker ends.
  if (process.send) process.on("SIGINT", () => {});
  else process.on("SIGINT", stop);
  process.on("disconnect", stop);
}

start().then(
  (broker) => {
    stopWith(broker);
    report({ type: "ready", port: broker.port });
  },
  (error: Error) => {
    process.exitCode = 1;
    report({ type: "failed", message: error.message });
    if (process.connected) process.disconnect();
  },
);
