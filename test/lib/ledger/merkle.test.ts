import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { EMPTY_ROOT, leafHash, nodeHash } from "../../../lib/ledger/merkle/hash.js";
import { verifyConsistency, verifyInclusion } from "../../../lib/ledger/merkle/proof.js";
import { TileTree } from "../../../lib/ledger/merkle/tile-tree.js";

/** RFC 6962 section 2.1, word for word: the oracle for the tree of tiles. */
function rootByDefinition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] as Buffer;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(rootByDefinition(leaves.slice(0, split)), rootByDefinition(leaves.slice(split)));
}

class MemoryTiles {
  readonly tiles = new Map<string, Buffer>();
  read(level: number, n: number): Buffer {
    const tile = this.tiles.get(`${level}/${n}`);
    if (!tile) throw new Error("no such tile");
    return tile;
  }
}

function treeOf(leaves: readonly Buffer[]): { tree: TileTree; store: MemoryTiles } {
  const store = new MemoryTiles();
  const tree = new TileTree(store);
  for (const leaf of leaves) {
    for (const { level, n, bytes } of tree.append(leaf)) store.tiles.set(`${level}/${n}`, bytes);
  }
  return { tree, store };
}

const leavesTo = (count: number) => Array.from({ length: count }, (_, i) => leafHash(Buffer.from(`entry ${i}`)));

/** The inputs and roots that Certificate Transparency's own implementations are tested with. */
const CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const CT_ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

describe("merkle tree", () => {
  it("has the roots of Certificate Transparency's reference tree", () => {
    const leaves = CT_LEAVES.map((hex) => leafHash(Buffer.from(hex, "hex")));
    const { tree } = treeOf(leaves);
    assert.equal(tree.root(0).toString("hex"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CT_ROOTS.forEach((root, i) => {
      assert.equal(tree.root(i + 1).toString("hex"), root, `size ${i + 1}`);
    });
  });

  it("proves each entry and each older size of every tree of up to 70 entries, and nothing else", () => {
    const leaves = leavesTo(70);
    const { tree } = treeOf(leaves);
    for (let size = 1; size <= leaves.length; size++) {
      const root = rootByDefinition(leaves.slice(0, size));
      assert.deepEqual(tree.root(size), root);
      for (let index = 0; index < size; index++) {
        const proof = tree.inclusionProof(index, size);
        assert.ok(verifyInclusion(index, size, leaves[index] as Buffer, proof, root), `${index} of ${size}`);
        for (const other of [index - 1, index + 1, size - 1 - index]) {
          if (other === index) continue;
          assert.ok(!verifyInclusion(other, size, leaves[index] as Buffer, proof, root), `${index} as ${other}`);
        }
      }
      for (let old = 0; old <= size; old++) {
        const proof = tree.consistencyProof(old, size);
        const oldRoot = rootByDefinition(leaves.slice(0, old));
        assert.ok(verifyConsistency(old, size, oldRoot, root, proof), `${old} to ${size}`);
        if (old === 0) continue;
        const otherRoot = rootByDefinition(leaves.slice(70 - old, 70));
        if (old < 70) assert.ok(!verifyConsistency(old, size, otherRoot, root, proof));
      }
    }
  });

  it("refuses proofs with a flipped bit, a missing or an added hash, or another size", () => {
    const random = new SeededRandom(5);
    const pick = (below: number) => Math.floor(random.uniform() * below);
    const leaves = leavesTo(1000);
    const { tree } = treeOf(leaves);
    for (let i = 0; i < 600; i++) {
      const size = 2 + pick(999);
      const index = pick(size);
      const old = 1 + pick(size - 1);
      const root = tree.root(size);
      const oldRoot = tree.root(old);
      const leaf = leaves[index] as Buffer;
      const inclusion = tree.inclusionProof(index, size);
      const consistency = tree.consistencyProof(old, size);
      assert.ok(verifyInclusion(index, size, leaf, inclusion, root));
      assert.ok(verifyConsistency(old, size, oldRoot, root, consistency));
      for (const spoil of [flip, drop, add]) {
        assert.ok(!verifyInclusion(index, size, leaf, spoil(inclusion), root), `inclusion ${spoil.name}`);
        assert.ok(!verifyConsistency(old, size, oldRoot, root, spoil(consistency)), `consistency ${spoil.name}`);
      }
      assert.ok(!verifyConsistency(old, size, flip([oldRoot])[0] as Buffer, root, consistency));
      assert.ok(!verifyInclusion(index, size, flip([leaf])[0] as Buffer, inclusion, root));
    }

    function flip(proof: readonly Buffer[]): Buffer[] {
      const copy = proof.map((hash) => Buffer.from(hash));
      const at = copy[pick(copy.length)];
      if (!at) return [leafHash(Buffer.from("no hash to flip"))];
      at[pick(32)]! ^= 1 << pick(8);
      return copy;
    }
    function drop(proof: readonly Buffer[]): Buffer[] {
      if (proof.length === 0) return add(proof);
      const without = pick(proof.length);
      return proof.filter((_, n) => n !== without);
    }
    function add(proof: readonly Buffer[]): Buffer[] {
      const at = pick(proof.length + 1);
      return [...proof.slice(0, at), leafHash(Buffer.from([pick(256)])), ...proof.slice(at)];
    }
  });

  it("never throws on sizes that make no sense", () => {
    const leaf = leafHash(Buffer.from("x"));
    for (const [index, size] of [
      [-1, 1],
      [1, 1],
      [0, 0],
      [0.5, 2],
      [Number.NaN, 2],
      [0, Number.POSITIVE_INFINITY],
      [0, -1],
    ]) {
      assert.equal(verifyInclusion(index as number, size as number, leaf, [], leaf), false);
      if (index !== size)
        assert.equal(verifyConsistency((index as number) + 1, size as number, leaf, leaf, [leaf]), false);
    }
  });

  it("keeps complete tiles of 256 and goes on from them", () => {
    const leaves = leavesTo(66_000);
    const { tree, store } = treeOf(leaves);
    assert.equal([...store.tiles.keys()].filter((key) => key.startsWith("0/")).length, 257);
    assert.ok(store.tiles.has("1/0"));
    assert.deepEqual(store.read(0, 3), Buffer.concat(leaves.slice(768, 1024)));
    assert.deepEqual(tree.root(), rootByDefinition(leaves));

    const resumed = TileTree.resume(store, leaves.length, leaves.slice(257 * 256));
    assert.deepEqual(resumed.root(), tree.root());
    for (const other of [resumed, tree]) {
      for (const leaf of leavesTo(300)) {
        for (const { level, n, bytes } of other.append(leaf)) store.tiles.set(`${level}/${n}`, bytes);
      }
    }
    assert.deepEqual(resumed.root(), tree.root());
    assert.deepEqual(resumed.root(), rootByDefinition([...leaves, ...leavesTo(300)]));
    for (const size of [65_535, 65_536, 65_537, 66_000, 66_300]) {
      const root = resumed.root(size);
      for (const index of [0, 255, 256, 40_000, size - 1]) {
        const leaf = index < leaves.length ? leaves[index] : leavesTo(300)[index - leaves.length];
        assert.ok(verifyInclusion(index, size, leaf as Buffer, resumed.inclusionProof(index, size), root));
        const oldRoot = resumed.root(index + 1);
        assert.ok(verifyConsistency(index + 1, size, oldRoot, root, resumed.consistencyProof(index + 1, size)));
      }
    }
  });

  it("has no root, entry or size beyond its end, and says that a tile is missing", () => {
    const { tree, store } = treeOf(leavesTo(600));
    assert.throws(() => tree.root(601), RangeError);
    assert.throws(() => tree.inclusionProof(600), RangeError);
    assert.throws(() => tree.consistencyProof(601), RangeError);
    assert.throws(() => TileTree.resume(store, 600, []), /cannot end in these/);
    store.tiles.delete("0/0");
    assert.throws(() => tree.inclusionProof(1), /no such tile/);
  });
});
