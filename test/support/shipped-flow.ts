import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { FLOWS, type FlowNode, mergeFlows, shippedFlows } from "../../cli/launch/shipped-flows.js";
import { projectRoot } from "./node-red.js";

const folder = join(projectRoot, "flows");

/** Properties by which a node names another one. */
const REFERENCES = [
  ...["z", "broker", "registry", "model", "secondModel", "ledger", "store", "keyring"],
  ...["group", "page", "ui", "theme", "tls"],
];

const read = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8")) as FlowNode[];

/** What names a node that is not there. */
function danglingIn(nodes: readonly FlowNode[]): string[] {
  const known = new Set(nodes.map(({ id }) => id));
  return nodes.flatMap((node) => {
    const named = [
      ...REFERENCES.map((property) => node[property]),
      ...((node.wires as string[][] | undefined) ?? []).flat(),
      ...((node.links as string[] | undefined) ?? []),
      ...((node.scope as string[] | undefined) ?? []),
    ];
    // What an mqtt-broker calls broker is its host.
    const targets = named.filter((value) => typeof value === "string" && value !== "" && node.type !== "mqtt-broker");
    return targets.filter((target) => !known.has(String(target))).map((target) => `${node.id} -> ${String(target)}`);
  });
}

/** A file of `flows/`, and what has to hold for each of them. */
export class ShippedFlow {
  readonly nodes: readonly FlowNode[];
  readonly byId: ReadonlyMap<string, FlowNode>;

  constructor(private readonly file: string) {
    this.nodes = read(file);
    this.byId = new Map(this.nodes.map((node) => [node.id, node]));
  }

  readonly wiresOf = (id: string) => (this.byId.get(id)?.wires ?? []) as string[][];
  readonly nodeOf = (type: string) => this.nodes.find((node) => node.type === type) as FlowNode;

  /** Whether something can go from one node to another, along wires and links; what a widget sends is a person's doing. */
  readonly reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    const node = this.byId.get(from);
    if (node?.type === "ui-template" && node.passthru === false) return false;
    const links = node?.type === "link out" ? (node.links as string[]) : [];
    return [...this.wiresOf(from).flat(), ...links].some((next) => this.reaches(next, to, seen));
  };

  /** @throws {AssertionError} where a node names one that is not there, or the flow does not go with the others. */
  assertComplete(): void {
    assert.deepEqual(danglingIn(this.nodes), []);
    assert.ok(FLOWS.includes(this.file), this.file);
    const merged = shippedFlows(folder);
    assert.deepEqual(danglingIn(merged), []);
    assert.equal(new Set(merged.map(({ id }) => id)).size, merged.length);
    assert.ok(merged.length < FLOWS.flatMap(read).length, "something is shared");
    const bases = merged.filter(({ type }) => type === "ui-base");
    assert.equal(bases.length, 1);
    // Where no icon is named the dashboard asks for its own ones below /dashboard, which is not where it is.
    const { path, appIcon } = bases[0] as FlowNode;
    const served = join(dirname(require.resolve("@flowfuse/node-red-dashboard/package.json")), "dist");
    assert.ok(String(appIcon).startsWith(`${path}/`), "an icon that the dashboard serves");
    assert.ok(existsSync(join(served, String(appIcon).slice(String(path).length))), String(appIcon));
    assert.equal(merged.filter(({ type }) => type === "redoubt-ledger-config").length, 2, "one log for the gateway");
  }

  /** @throws {AssertionError} where another flow's idea of a node that both have passes for the same. */
  assertSharedAlike(): void {
    const changed = this.nodes.map((node) => (node.type === "ui-base" ? { ...node, path: "/other" } : node));
    assert.throws(() => mergeFlows([read("thermal-privacy.json"), changed]), /two flows define the node rdbt-ui-base/);
  }

  /**
   * @param ours addresses that it may name.
   * @throws {AssertionError} for function nodes, credentials, foreign addresses or markup, and other names than ours.
   */
  assertHarmless(ours: readonly string[] = []): void {
    assert.deepEqual(
      this.nodes
        .filter(({ type, credentials }) => type === "function" || credentials !== undefined)
        .map(({ id }) => id),
      [],
    );
    const text = ours.reduce((rest, address) => rest.replaceAll(address, ""), JSON.stringify(this.nodes));
    assert.doesNotMatch(text, /https?:|discord|v-html|innerHTML|password":|token":|eval\(/i);
    for (const { id } of this.nodes) assert.match(id, /^rdbt-/);
  }
}
