import { HASH_SIZE, nodeHash } from "./hash.js";

/** Levels of the tree that one tile spans, and hashes that a complete one holds (C2SP tlog-tiles). */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 2 ** TILE_HEIGHT;

/** Up to 256 neighbouring hashes of one level of the tree, and every node above them that is complete. */
export class Tile {
  /** `rows[r]`: roots of the complete groups of 2^r hashes. */
  private readonly rows: Buffer[][] = Array.from({ length: TILE_HEIGHT + 1 }, () => []);

  /** Reads hashes that stand one after another. */
  static from(bytes: Uint8Array): Tile {
    if (bytes.length % HASH_SIZE !== 0 || bytes.length > TILE_WIDTH * HASH_SIZE) throw new Error("this is no tile");
    const tile = new Tile();
    const buffer = Buffer.from(bytes);
    for (let at = 0; at < buffer.length; at += HASH_SIZE) tile.add(buffer.subarray(at, at + HASH_SIZE));
    return tile;
  }

  get width(): number {
    return (this.rows[0] as Buffer[]).length;
  }

  /** @returns the tile's root when this hash completes it. */
  add(hash: Buffer): Buffer | undefined {
    let node = hash;
    for (let r = 0; r < TILE_HEIGHT; r++) {
      const row = this.rows[r] as Buffer[];
      row.push(node);
      if (row.length % 2 === 1) return undefined;
      node = nodeHash(row[row.length - 2] as Buffer, node);
    }
    (this.rows[TILE_HEIGHT] as Buffer[]).push(node);
    return node;
  }

  /** Root of the group number `index` of 2^row hashes; the group is complete. */
  node(row: number, index: number): Buffer {
    const hash = this.rows[row]?.[index];
    if (!hash) throw new Error(`the tile has no group ${index} of ${2 ** row} hashes`);
    return hash;
  }

  /** The hashes one after another, as they are stored and published. */
  bytes(): Buffer {
    return Buffer.concat(this.rows[0] as Buffer[]);
  }
}
