import { EMPTY_ROOT, HASH_SIZE, nodeHash } from "./hash.js";
import { consistencyProof, inclusionProof, splitPoint } from "./proof.js";
import { TILE_HEIGHT, TILE_WIDTH, Tile } from "./tile.js";

/** A tile that is complete and will not change again. */
export interface CompleteTile {
  level: number;
  /** Position in its level, from 0. */
  n: number;
  bytes: Buffer;
}

/** Where complete tiles are kept. */
export interface TileStore {
  /** @throws {Error} where there is no such tile. */
  read(level: number, n: number): Uint8Array;
}

/** Tiles kept in memory besides those that still grow; one of them takes 50 kB. */
const CACHED_TILES = 64;

/**
 * The RFC 6962 tree over a growing list of leaf hashes. It keeps the tiles on its right edge in memory and reads
 * complete ones from a store, which makes a root, a proof and an append cost the logarithm of the size.
 */
export class TileTree {
  private edge: Tile[] = [];
  private count = 0;
  private readonly cache = new Map<string, Tile>();

  constructor(private readonly store: TileStore) {}

  /**
   * Continues a tree.
   *
   * @param size leaves it has.
   * @param lastLeaves hashes of the leaves that are in no complete tile: `size` modulo 256 of them.
   */
  static resume(store: TileStore, size: number, lastLeaves: readonly Buffer[]): TileTree {
    const tree = new TileTree(store);
    if (lastLeaves.length !== size % TILE_WIDTH) throw new Error(`a tree of ${size} leaves cannot end in these`);
    tree.count = size;
    const levels: Buffer[][] = [[...lastLeaves]];
    for (let level = 1, below = Math.floor(size / TILE_WIDTH); below > 0; level++) {
      const first = below - (below % TILE_WIDTH);
      const hashes: Buffer[] = [];
      for (let n = first; n < below; n++) hashes.push(Tile.from(store.read(level - 1, n)).node(TILE_HEIGHT, 0));
      levels.push(hashes);
      below = Math.floor(below / TILE_WIDTH);
    }
    tree.edge = levels.map((hashes) => Tile.from(Buffer.concat(hashes)));
    return tree;
  }

  get size(): number {
    return this.count;
  }

  /** @returns the tiles that the leaf completes, lowest first; they must be in the store before the next proof. */
  append(leaf: Buffer): CompleteTile[] {
    const completed: CompleteTile[] = [];
    let hash: Buffer | undefined = leaf;
    let below = this.count;
    for (let level = 0; hash; level++) {
      const tile: Tile = this.edge[level] ?? new Tile();
      this.edge[level] = tile;
      hash = tile.add(hash);
      if (!hash) break;
      completed.push({ level, n: Math.floor(below / TILE_WIDTH), bytes: tile.bytes() });
      this.edge[level] = new Tile();
      below = Math.floor(below / TILE_WIDTH);
    }
    this.count++;
    return completed;
  }

  /** The hashes of a tile, complete or still growing. */
  tileBytes(level: number, n: number): Buffer {
    return this.tile(level, n).bytes();
  }

  /** Root of the first `size` leaves, of all of them unless told otherwise. */
  root(size = this.count): Buffer {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.count)
      throw new RangeError(`no size ${size} in this log`);
    return size === 0 ? EMPTY_ROOT : this.rangeRoot(0, size);
  }

  inclusionProof(index: number, size = this.count): Buffer[] {
    this.root(size);
    return inclusionProof(index, size, (start, end) => this.rangeRoot(start, end));
  }

  consistencyProof(oldSize: number, size = this.count): Buffer[] {
    this.root(size);
    return consistencyProof(oldSize, size, (start, end) => this.rangeRoot(start, end));
  }

  private rangeRoot(start: number, end: number): Buffer {
    const count = end - start;
    if (count === 1) return this.node(0, start);
    const left = splitPoint(count);
    if (left * 2 === count && start % count === 0) return this.node(Math.log2(count), start / count);
    const middle = start + left;
    return nodeHash(this.rangeRoot(start, middle), this.rangeRoot(middle, end));
  }

  /** Root of the complete subtree number `index` of 2^height leaves. */
  private node(height: number, index: number): Buffer {
    const level = Math.floor(height / TILE_HEIGHT);
    const row = height % TILE_HEIGHT;
    const groups = TILE_WIDTH / 2 ** row;
    return this.tile(level, Math.floor(index / groups)).node(row, index % groups);
  }

  private tile(level: number, n: number): Tile {
    const complete = Math.floor(this.count / TILE_WIDTH ** (level + 1));
    const growing = this.edge[level];
    if (n === complete && growing) return growing;
    const key = `${level}/${n}`;
    const cached = this.cache.get(key);
    if (cached) return cached;
    const bytes = this.store.read(level, n);
    if (bytes.length !== TILE_WIDTH * HASH_SIZE) throw new Error(`tile ${key} is damaged`);
    const tile = Tile.from(bytes);
    this.cache.set(key, tile);
    for (const oldest of this.cache.keys()) {
      if (this.cache.size <= CACHED_TILES) break;
      this.cache.delete(oldest);
    }
    return tile;
  }
}
