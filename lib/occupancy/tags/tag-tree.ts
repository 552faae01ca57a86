import { createHmac, type KeyObject } from "node:crypto";

/** Slots of five minutes; a tree with four children a node, eight levels. */
export const SLOT_SEC = 300;
const FAN_BITS = 2;
const LEVELS = 8;
export const TAG_BYTES = 16;

/** A node: `index` counts the nodes of its level from the beginning of time. */
export interface TreeNode {
  level: number;
  index: number;
}

/** What a tag says about its node: the session begins below it, or covers it. */
export const TAG_KIND = { start: 1, cover: 2 } as const;
export type TagKind = (typeof TAG_KIND)[keyof typeof TAG_KIND];

/** Whose time it is. */
export const TAG_SCOPE = { ap: 1, mac: 2 } as const;
export type TagScope = (typeof TAG_SCOPE)[keyof typeof TAG_SCOPE];

/** The nodes above a slot, itself first: one on each level. */
export function pathOf(slot: number): TreeNode[] {
  return Array.from({ length: LEVELS }, (_, level) => ({ level, index: Math.floor(slot / 2 ** (FAN_BITS * level)) }));
}

/** The fewest nodes that together are the slots first … last; none for an empty range. */
export function coverOf(first: number, last: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = first; at <= last; ) {
    let level = 0;
    while (level + 1 < LEVELS) {
      const size = 2 ** (FAN_BITS * (level + 1));
      if (at % size !== 0 || at + size - 1 > last) break;
      level++;
    }
    nodes.push({ level, index: at / 2 ** (FAN_BITS * level) });
    at += 2 ** (FAN_BITS * level);
  }
  return nodes;
}

/** HMAC-SHA256(K_tag, scope ‖ kind ‖ level ‖ index (6 bytes) ‖ id), 16 bytes: the same for ever, which is what it leaks. */
export function tagOf(key: KeyObject, scope: TagScope, id: Buffer, kind: TagKind, { level, index }: TreeNode): Buffer {
  const head = Buffer.alloc(9);
  head[0] = scope;
  head[1] = kind;
  head[2] = level;
  head.writeUIntBE(index, 3, 6);
  return createHmac("sha256", key).update(head).update(id).digest().subarray(0, TAG_BYTES);
}

/** What a session stores for one scope: the path above its first slot, and the cover of all its slots. */
export function sessionTags(key: KeyObject, scope: TagScope, id: Buffer, first: number, last: number): Buffer[] {
  return [
    ...pathOf(first).map((node) => tagOf(key, scope, id, TAG_KIND.start, node)),
    ...coverOf(first, last).map((node) => tagOf(key, scope, id, TAG_KIND.cover, node)),
  ];
}

/**
 * What a query for the slots first … last asks: sessions that begin in (first, last], by the cover of that range, and
 * those that cover the slot `first`, by the nodes above it. No session is found by both (stabbing query, Kriegel et al.,
 * RI-tree, VLDB 2000).
 */
export function queryTags(key: KeyObject, scope: TagScope, id: Buffer, first: number, last: number): Buffer[] {
  return [
    ...coverOf(first + 1, last).map((node) => tagOf(key, scope, id, TAG_KIND.start, node)),
    ...pathOf(first).map((node) => tagOf(key, scope, id, TAG_KIND.cover, node)),
  ];
}
