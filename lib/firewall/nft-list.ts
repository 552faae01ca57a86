import { isJsonObject, type JsonObject } from "../common/json.js";
import type { ListedTarget } from "./backend.js";
import { parseTarget } from "./target.js";

/** What `nft -j list table inet redoubt` says. */
export interface NftTable {
  listed: ListedTarget[];
  rules: number;
  /** Packets by counter. */
  counters: Map<string, number>;
}

const BLOCK_SETS: ReadonlySet<unknown> = new Set(["block4", "block6", "blockmac"]);

function listedOf(element: unknown): ListedTarget[] {
  const inner = isJsonObject(element) && isJsonObject(element.elem) ? element.elem : { val: element };
  const target = parseTarget(inner.val);
  const remaining = typeof inner.expires === "number" ? inner.expires : undefined;
  return target ? [{ target, remaining }] : [];
}

/** @throws {Error} for what nft would not write. */
export function parseNftTable(json: string): NftTable {
  const document = JSON.parse(json) as unknown;
  const objects = isJsonObject(document) ? document.nftables : undefined;
  if (!Array.isArray(objects)) throw new Error("nft's answer is not understood");
  const table: NftTable = { listed: [], rules: 0, counters: new Map() };
  for (const object of objects as unknown[]) {
    if (!isJsonObject(object)) continue;
    const { rule, counter, set } = object as Record<string, JsonObject | undefined>;
    if (rule) table.rules++;
    if (counter && typeof counter.packets === "number") table.counters.set(String(counter.name), counter.packets);
    if (set && BLOCK_SETS.has(set.name) && Array.isArray(set.elem)) table.listed.push(...set.elem.flatMap(listedOf));
  }
  return table;
}
