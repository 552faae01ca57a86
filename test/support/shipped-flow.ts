import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FLOWS, type FlowNode, shippedFlows } from "../../cli/launch/shipped-flows.js";
import { projectRoot } from "./node-red.js";

const folder = join(projectRoot, "flows");

/** Properties by which a node names another one. */
const REFERENCES = ["z", "broker", "ledger", "store", "keyring", "group", "page", "ui", "theme", "tls"];

/** A file of `flows/`, and what has to hold for each of them. */
export class ShippedFlow {
  readonly nodes: readonly FlowNode[];
  readonly byId: ReadonlyMap<string, FlowNode>;

  constructor(private readonly file: string) {
    this.nodes = JSON.parse(readFileSync(join(folder, file), "utf8")) as FlowNode[];
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
    if (node?.type === "ui-template") return false;
    const links = node?.type === "link out" ? (node.links as string[]) : [];
    return [...this.wiresOf(from).flat(), ...links].some((next) => this.reaches(next, to, seen));
  };

  /** @throws {AssertionError} where a node names one that is not there, or the flow does not go with the others. */
  assertComplete(): void {
    const dangling = this.nodes.flatMap((node) => {
      const named = [
        ...REFERENCES.map((property) => node[property]),
        ...this.wiresOf(node.id).flat(),
        ...((node.links as string[] | undefined) ?? []),
        ...((node.scope as string[] | undefined) ?? []),
      ].filter((value) => typeof value === "string" && value !== "" && node.type !== "mqtt-broker");
      return named
        .filter((target) => !this.byId.has(String(target)))
        .map((target) => `${node.id} -> ${String(target)}`);
    });
    assert.deepEqual(dangling, []);
    assert.ok(FLOWS.includes(this.file));
    const merged = shippedFlows(folder);
    assert.equal(new Set(merged.map(({ id }) => id)).size, merged.length);
    assert.equal(merged.filter(({ type }) => type === "redoubt-ledger-config").length, 2, "one log for the gateway");
  }

  /** @throws {AssertionError} for function nodes, credentials, foreign addresses or markup, and other names than ours. */
  assertHarmless(): void {
    assert.deepEqual(
      this.nodes
        .filter(({ type, credentials }) => type === "function" || credentials !== undefined)
        .map(({ id }) => id),
      [],
    );
    assert.doesNotMatch(JSON.stringify(this.nodes), /https?:|v-html|innerHTML|password":|eval\(/i);
    for (const { id } of this.nodes) assert.match(id, /^rdbt-/);
  }
}
