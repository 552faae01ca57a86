import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const TYPE = /registerType\(["']([^"']+)["']/g;

/** Folder of the core nodes of this checkout's Node-RED. */
function coreFolder(): string {
  const paths = [dirname(require.resolve("node-red/package.json"))];
  return join(dirname(require.resolve("@node-red/nodes/package.json", { paths })), "core");
}

let known: { file: string; types: string[] }[] | undefined;

/** The files of the core nodes, with the types that each defines. */
function coreFiles(): { file: string; types: string[] }[] {
  known ??= readdirSync(coreFolder(), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .map((name) => {
      const text = readFileSync(join(coreFolder(), name), "utf8");
      return { file: basename(name), types: [...text.matchAll(TYPE)].map(([, type]) => type as string) };
    })
    .filter(({ types }) => types.length > 0);
  return known;
}

/** What Node-RED's setting nodesExcludes is to name so that it loads, beside ours, only the nodes that a flow has. */
export function unusedNodes(flows: readonly unknown[]): string[] {
  const wanted = new Set(flows.map((node) => (node as { type: string }).type));
  const unused = coreFiles().filter(({ types }) => !types.some((type) => wanted.has(type)));
  const hasPages = [...wanted].some((type) => type.startsWith("ui-"));
  return [...unused.map(({ file }) => file), ...(hasPages ? [] : ["node-red-dashboard"])];
}
