import { isJsonObject } from "../../../lib/common/json.js";

const TIMEOUT_MS = 5000;

/** What a gateway has refused since its start, by code; undefined where nobody answers, or not with that. */
export async function gatewayRefusals(url: string): Promise<Record<string, number> | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const status: unknown = await response.json();
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
