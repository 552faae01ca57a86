import { isIdentifier } from "./identifier.js";
import { isJsonObject } from "./json.js";
import { Rejection } from "./rejection.js";

/** Properties that Node-RED's network nodes, and ours, leave on a message; a person's click has none of them. */
const NETWORK_TRACES = ["req", "res", "qos", "retain", "received", "intake", "device", "_session"] as const;

/** Where nobody had to log in. */
const ANYBODY = "operator";

/** Which property shows that a message came by the network; undefined for a click in a dashboard, or the flow's own. */
export function networkTraceOf(msg: object): string | undefined {
  return NETWORK_TRACES.find((name) => (msg as Record<string, unknown>)[name] !== undefined);
}

/**
 * Refuses a person's request that came by the network. What a person asks for stands in a property of the message
 * that no payload can set; dashboards let only operators send, and the editor's buttons belong to whoever may deploy.
 *
 * @throws {Rejection} AUTH.
 */
export function refuseNetworkOrigin(msg: object): void {
  const trace = networkTraceOf(msg);
  if (trace === undefined) return;
  throw new Rejection("AUTH", `an operator's request must come from a dashboard or the editor, not with msg.${trace}`);
}

/**
 * Who asks: the login that a dashboard put on the message (`msg._client.user`), else `named`, else `operator`.
 */
export function requesterOf(msg: object, named?: unknown): string {
  const { _client: client } = msg as { _client?: unknown };
  const user = isJsonObject(client) ? client.user : undefined;
  const login = isJsonObject(user) ? (user.username ?? user.userId ?? user.name) : user;
  if (isIdentifier(login)) return login;
  return isIdentifier(named) ? named : ANYBODY;
}
