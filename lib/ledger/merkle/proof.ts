import { nodeHash } from "./hash.js";

/** Root of the leaves `start` up to, not including, `end`, split as RFC 6962 splits them. */
export type RangeRoot = (start: number, end: number) => Buffer;

/** The largest power of two smaller than `count`; `count` is 2 or more. */
export function splitPoint(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function checkRange(low: number, value: number, high: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < low || value > high) {
    throw new RangeError(`${what} ${value} is not from ${low} to ${high}`);
  }
}

/**
 * The hashes that lead from a leaf to the root (RFC 6962 section 2.1.1), nearest to the leaf first.
 *
 * @param index of the leaf, from 0.
 * @param size entries that the root covers.
 * @throws {RangeError} where the leaf is not among them.
 */
export function inclusionProof(index: number, size: number, rangeRoot: RangeRoot): Buffer[] {
  checkRange(0, index, size - 1, "entry");
  const proof: Buffer[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      proof.push(rangeRoot(middle, end));
      end = middle;
    } else {
      proof.push(rangeRoot(start, middle));
      start = middle;
    }
  }
  return proof.reverse();
}

/**
 * The hashes that show that the first `oldSize` of `size` entries are what they were (RFC 6962 section 2.1.2).
 *
 * @throws {RangeError} where `oldSize` is beyond `size`.
 */
export function consistencyProof(oldSize: number, size: number, rangeRoot: RangeRoot): Buffer[] {
  checkRange(0, oldSize, size, "size");
  if (oldSize === 0 || oldSize === size) return [];
  const proof: Buffer[] = [];
  let [start, end] = [0, size];
  while (oldSize < end) {
    const middle = start + splitPoint(end - start);
    if (oldSize <= middle) {
      proof.push(rangeRoot(middle, end));
      end = middle;
    } else {
      proof.push(rangeRoot(start, middle));
      start = middle;
    }
  }
  // The verifier has the old root: where it is a node of the new tree, it is not sent.
  if (start > 0) proof.push(rangeRoot(start, end));
  return proof.reverse();
}

const half = (value: number) => Math.floor(value / 2);
const isOdd = (value: number) => value % 2 === 1;

/**
 * Whether a proof shows that the leaf is entry `index` of the log of `size` entries with this root
 * (RFC 9162 section 2.1.3.2). Never throws.
 */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  let node = index;
  let last = size - 1;
  let hash: Buffer = Buffer.from(leaf);
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && hash.equals(root);
}

/**
 * Whether a proof shows that the log of `size` entries begins with the one of `oldSize` entries
 * (RFC 9162 section 2.1.4.2). Every log begins with the empty one. Never throws.
 */
export function verifyConsistency(
  oldSize: number,
  size: number,
  oldRoot: Uint8Array,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(size) || oldSize < 0 || oldSize > size) return false;
  if (oldSize === size) return proof.length === 0 && Buffer.from(oldRoot).equals(root);
  if (oldSize === 0) return proof.length === 0;
  let node = oldSize - 1;
  let last = size - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  // A log of 2^k entries is a node of every larger one: its root is where the proof begins.
  const path = node === 0 ? [oldRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (!first) return false;
  let oldHash: Buffer = Buffer.from(first);
  let newHash = oldHash;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && oldHash.equals(oldRoot) && newHash.equals(root);
}
