import type { PipelineSetup } from "./contender.js";

/** Files in the home that the flow reads. */
export const RAW_KEY_FILE = "raw.key";
export const MASKED_KEY_FILE = "masked.key";
export const MODEL_FILE = "bench.json";
/** Standard deviation of the flow's noise, kelvin; the seed's own for ordinary readings. */
export const SAMPLE_SIGMA = 0.02;

const BROKER_NODE = "bench-broker";
const TAB = "bench-tab";

/** A keyring that reads one Fernet key from the home. */
function keyring(id: string, path: string): object {
  return { id, type: "redoubt-keyring", name: "", family: "fernet", source: "file", path, version: 1 };
}

/** The thermal pipeline as a user wires it: four nodes of ours and two of Node-RED's in one line, nothing beside it. */
export function pipelineFlow(setup: PipelineSetup): object[] {
  const { broker, rawTopic, maskedTopic } = setup;
  const line = [
    { id: "in", type: "mqtt in", topic: rawTopic, qos: "0", datatype: "buffer", broker: BROKER_NODE, inputs: 0 },
    { id: "decrypt", type: "redoubt-decrypt", keyring: "raw-keys", profile: "fernet", version: 1 },
    { id: "score", type: "redoubt-anomaly-score", model: "model", version: 1 },
    { id: "mask", type: "redoubt-mask", mechanism: "gaussian-sample", sampleSigma: SAMPLE_SIGMA, version: 1 },
    { id: "encrypt", type: "redoubt-encrypt", keyring: "masked-keys", profile: "fernet", version: 1 },
    { id: "out", type: "mqtt out", topic: maskedTopic, qos: "0", retain: "", broker: BROKER_NODE },
  ];
  const wired = line.map((node, i) => {
    const next = line[i + 1];
    return { ...node, name: "", z: TAB, x: 100 + 120 * i, y: 80, wires: next ? [[next.id]] : [] };
  });
  return [
    { id: TAB, type: "tab", label: "Thermal pipeline", disabled: false },
    {
      id: BROKER_NODE,
      type: "mqtt-broker",
      name: "",
      broker: broker.host,
      port: String(broker.port),
      clientid: "",
      autoConnect: true,
      usetls: false,
      protocolVersion: "4",
      keepalive: "60",
      cleansession: true,
    },
    keyring("raw-keys", RAW_KEY_FILE),
    keyring("masked-keys", MASKED_KEY_FILE),
    { id: "model", type: "redoubt-model", name: "", source: "file", file: MODEL_FILE, missing: "reject", version: 1 },
    ...wired,
  ];
}

/** What Node-RED keeps apart from the flow, by node id. */
export function pipelineCredentials({ broker }: PipelineSetup): Record<string, Record<string, string>> {
  const { login } = broker;
  return login ? { [BROKER_NODE]: { user: login.username, password: login.password } } : {};
}
