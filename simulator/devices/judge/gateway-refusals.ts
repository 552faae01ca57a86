import { isJsonObject } from "../../../lib/common/json.js";
import { httpExchange, type OwnServer } from "../../common/http-exchange.js";

const TIMEOUT_MS = 5000;

/** What a gateway has refused since its start, by code; undefined where nobody answers, or not with that. */
export async function gatewayRefusals(url: string, own?: OwnServer): Promise<Record<string, number> | undefined> {
  try {
    const { body } = await httpExchange(url, { timeoutMs: TIMEOUT_MS, ...(own && { own }) });
    const status: unknown = JSON.parse(body);
    if (!isJsonObject(status) || !isJsonObject(status.rejected)) return undefined;
    const counts = Object.entries(status.rejected);
    return Object.fromEntries(counts.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
  } catch {
    return undefined;
  }
}

/** What came between two answers; undefined where the gateway began to count anew. */
export function refusalsBetween(
  before: Record<string, number> | undefined,
  after: Record<string, number> | undefined,
): Record<string, number> | undefined {
  if (!before || !after) return undefined;
  const differences = Object.entries(after).map(([code, count]): [string, number] => [
    code,
    count - (before[code] ?? 0),
  ]);
  if (differences.some(([, count]) => count < 0)) return undefined;
  return Object.fromEntries(differences.filter(([, count]) => count > 0));
}
