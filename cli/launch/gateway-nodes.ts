import type { FlowCredentials } from "./node-red-credentials.js";
import type { FlowNode } from "./shipped-flows.js";

/** What the device gateway and the central server need, both in this Node-RED unless somebody says otherwise. */
export interface Delivery {
  /** Where the central server's flow takes batches, as this machine reaches it. */
  serverUrl: string;
  /** Where it speaks https: its certificate, and a name that this has. */
  certificate?: { file: string; name: string };
  /** By which it knows the gateway. */
  token: string;
}

/** Nodes of the shipped flows. */
const GATEWAY_IN = "rdbt-gw-in";
const SPOOL_OUT = "rdbt-gw-spool";
const BATCH_IN = "rdbt-srv-in";
/** As the shipped flow calls it. */
const GATEWAY = "gateway-1";
/** A server that somebody entered elsewhere stays. */
const OWN_SERVER = /^https?:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?\/api\/batches$/;

/** Points the gateway at the broker and, unless it delivers elsewhere, at the server of this Node-RED. */
export function withGateway(nodes: readonly FlowNode[], brokerUrl: string, delivery: Delivery): FlowNode[] {
  const { serverUrl, certificate } = delivery;
  return nodes.map((node) => {
    if (node.id === GATEWAY_IN) return { ...node, url: brokerUrl };
    if (node.id !== SPOOL_OUT || !OWN_SERVER.test(String(node.url))) return node;
    return { ...node, url: serverUrl, caFile: certificate?.file ?? "", serverName: certificate?.name ?? "" };
  });
}

/** The lines `<gateway> <token>` with one gateway's line set, the others as they are. */
export function withToken(lines: string, gateway: string, token: string): string {
  const others = lines.split(/\r?\n/).filter((line) => line.trim() !== "" && line.trim().split(/\s+/)[0] !== gateway);
  return [`${gateway} ${token}`, ...others].join("\n");
}

/**
 * Adds the gateway's login at the broker, its token and the server's knowledge of it. Where the gateway delivers
 * elsewhere, its token is somebody's own.
 */
export function addGatewayCredentials(
  known: FlowCredentials,
  nodes: readonly FlowNode[],
  login: { username: string; password: string } | undefined,
  token: string,
): void {
  if (login) known[GATEWAY_IN] = { username: login.username, password: login.password };
  const spool = nodes.find(({ id }) => id === SPOOL_OUT);
  if (spool && OWN_SERVER.test(String(spool.url))) known[SPOOL_OUT] = { token };
  known[BATCH_IN] = { tokens: withToken(known[BATCH_IN]?.tokens ?? "", GATEWAY, token) };
}
