import type { JsonObject } from "../../common/json.js";
import { Rejection } from "../../common/rejection.js";
import { arrayAt, numberAt } from "../json-fields.js";
import { MAX_NODES_PER_TREE, thresholdAt } from "../split-fields.js";
import type { SplitTree } from "../split-tree.js";

/** A tree as we keep it, and where its leaves were. */
export interface ConvertedTree {
  splits: SplitTree;
  /** Per leaf, in our order: its node in the export. */
  leafNodes: Int32Array;
  /** Nodes of the export. */
  nodes: number;
}

const TREE_KEYS = ["children_left", "children_right", "feature", "threshold"] as const;
export type TreeKey = (typeof TREE_KEYS)[number];
export const treeKeys: readonly TreeKey[] = TREE_KEYS;

/**
 * Reads a tree from scikit-learn's parallel arrays and brings its nodes into breadth-first order.
 *
 * @throws {Rejection} SCHEMA or RANGE naming the entry: children must be nodes of the tree, each with one parent and
 *   reachable from node 0; features must be columns, thresholds must fit a 32-bit float.
 */
export function convertTree(tree: JsonObject, path: string, dimension: number): ConvertedTree {
  const left = arrayAt(tree.children_left, `${path}.children_left`, 1, MAX_NODES_PER_TREE);
  const nodes = left.length;
  const right = arrayAt(tree.children_right, `${path}.children_right`, nodes, nodes);
  const features = arrayAt(tree.feature, `${path}.feature`, nodes, nodes);
  const thresholds = arrayAt(tree.threshold, `${path}.threshold`, nodes, nodes);

  const childAt = (list: unknown[], name: string, node: number) =>
    numberAt(list[node], `${path}.${name}[${node}]`, { min: -1, max: nodes - 1, integer: true });

  const order = new Int32Array(nodes);
  const isPlaced = new Uint8Array(nodes);
  isPlaced[0] = 1;
  let placed = 1;
  const place = (child: number, name: string, node: number) => {
    if (isPlaced[child]) throw new Rejection("SCHEMA", `${path}.${name}[${node}]: node ${child} has another parent`);
    isPlaced[child] = 1;
    order[placed++] = child;
  };
  const feature = new Int16Array(nodes);
  const threshold: number[] = [];
  const leafNodes: number[] = [];
  for (let i = 0; i < placed; i++) {
    const node = order[i] as number;
    const first = childAt(left, "children_left", node);
    const second = childAt(right, "children_right", node);
    if (first < 0 !== second < 0) throw new Rejection("SCHEMA", `${path}: node ${node} has one child only`);
    if (first < 0) {
      feature[i] = -1;
      leafNodes.push(node);
      continue;
    }
    feature[i] = numberAt(features[node], `${path}.feature[${node}]`, { min: 0, max: dimension - 1, integer: true });
    threshold.push(thresholdAt(thresholds[node], `${path}.threshold[${node}]`));
    place(first, "children_left", node);
    place(second, "children_right", node);
  }
  if (placed < nodes) {
    throw new Rejection("SCHEMA", `${path}: node ${isPlaced.indexOf(0)} is no node's child`);
  }
  return { splits: { feature, threshold: Float32Array.from(threshold) }, leafNodes: Int32Array.from(leafNodes), nodes };
}
