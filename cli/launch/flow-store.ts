import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { GATEWAY_ACCOUNT, NETWORK_ACCOUNT, OCCUPANCY_ACCOUNT } from "../../lib/broker/accounts.js";
import { writeFileAtomic } from "../../lib/common/files.js";
import { addGatewayCredentials, type Delivery, withGateway } from "./gateway-nodes.js";
import { decryptCredentials, encryptCredentials, type FlowCredentials } from "./node-red-credentials.js";
import { type FlowNode, shippedFlows } from "./shipped-flows.js";

/** One MQTT login of the flows, by the id of the `mqtt-broker` node that uses it. */
export interface BrokerLogin {
  username: string;
  password: string;
}

export interface BrokerAddress {
  host: string;
  port: number;
  tls: boolean;
}

/** The `mqtt-broker` nodes of the shipped flows and the account each of them logs in with. */
export const BROKER_NODES: Readonly<Record<string, string>> = {
  "rdbt-broker-gate": "gateway",
  "rdbt-broker-hvac": "hvac",
  "rdbt-broker-monitor": "monitor",
  "rdbt-broker-gw": GATEWAY_ACCOUNT,
  "rdbt-broker-net": NETWORK_ACCOUNT,
  "rdbt-broker-occ": OCCUPANCY_ACCOUNT,
};

const TLS_NODE = "rdbt-broker-tls";

function withBroker(nodes: FlowNode[], address: BrokerAddress): FlowNode[] {
  const rest = nodes.filter((node) => node.id !== TLS_NODE);
  const patched = rest.map((node) =>
    node.id in BROKER_NODES
      ? {
          ...node,
          broker: address.host,
          port: String(address.port),
          usetls: address.tls,
          tls: address.tls ? TLS_NODE : "",
        }
      : node,
  );
  if (!address.tls) return patched;
  const tls = {
    id: TLS_NODE,
    type: "tls-config",
    name: "verified TLS",
    // The node reads all of these and has no defaults: the authorities are Node's own and NODE_EXTRA_CA_CERTS.
    ...{ cert: "", key: "", ca: "", certname: "", keyname: "", caname: "", alpnprotocol: "" },
    verifyservercert: true,
    // RFC 6066 has no addresses in SNI; the certificate is checked against the host either way.
    servername: isIP(address.host) ? "" : address.host,
  };
  return [...patched, tls];
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Puts the shipped flows into Node-RED's userDir, pointed at the given broker. A flow file that the user changed
 * in the editor is kept; only its addresses and logins follow the settings.
 *
 * @param packageRoot folder that holds `flows/`.
 * @returns what was done, for the first screen.
 */
export function installFlows(
  packageRoot: string,
  userDir: string,
  credentialSecret: string,
  address: BrokerAddress,
  logins: ReadonlyMap<string, BrokerLogin>,
  delivery: Delivery,
): "created" | "updated" | "kept" {
  const flowFile = join(userDir, "flows.json");
  const credentialFile = join(userDir, "flows_cred.json");
  const stampFile = join(userDir, "shipped-flows.sha256");

  const shipped = shippedFlows(join(packageRoot, "flows"));
  const installed = existsSync(flowFile) ? readFileSync(flowFile, "utf8") : undefined;
  const stamp = existsSync(stampFile) ? readFileSync(stampFile, "utf8").trim() : undefined;
  const untouched = installed === undefined || digest(installed) === stamp;

  const source = untouched ? shipped : (JSON.parse(installed) as FlowNode[]);
  const brokerUrl = `${address.tls ? "mqtts" : "mqtt"}://${address.host}:${address.port}`;
  const nodes = withGateway(withBroker(source, address), brokerUrl, delivery);
  const text = `${JSON.stringify(nodes, null, 4)}\n`;
  writeFileAtomic(flowFile, text);
  if (untouched) writeFileAtomic(stampFile, `${digest(text)}\n`);

  const known: FlowCredentials = existsSync(credentialFile)
    ? decryptCredentials(credentialSecret, readFileSync(credentialFile, "utf8"))
    : {};
  for (const [node, account] of Object.entries(BROKER_NODES)) {
    const login = logins.get(account);
    if (login) known[node] = { user: login.username, password: login.password };
  }
  addGatewayCredentials(known, nodes, logins.get(GATEWAY_ACCOUNT), delivery.token);
  writeFileAtomic(credentialFile, encryptCredentials(credentialSecret, known));

  if (installed === undefined) return "created";
  return untouched ? "updated" : "kept";
}
