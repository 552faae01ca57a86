import { TILE_WIDTH } from "../merkle/tile.js";

/**
 * Path of a tile or of a bundle of entries below the folder of an export (C2SP tlog-tiles): `tile/<level>/<n>`, with n
 * in groups of three digits, all but the last marked with x; `.p/<width>` where it is not complete.
 */
export function tilePath(level: number | "entries", n: number, width = TILE_WIDTH): string {
  const groups = [String(n % 1000).padStart(3, "0")];
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  return `tile/${level}/${groups.join("/")}${width < TILE_WIDTH ? `.p/${width}` : ""}`;
}

/** A tile of a log. */
export interface TileShape {
  level: number;
  n: number;
  /** Hashes in it, 1..256. */
  width: number;
}

/** Every tile of a log of `size` entries, lowest level first. */
export function* tilesOf(size: number): Generator<TileShape> {
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / TILE_WIDTH)) {
    for (let n = 0; n * TILE_WIDTH < hashes; n++) {
      yield { level, n, width: Math.min(TILE_WIDTH, hashes - n * TILE_WIDTH) };
    }
  }
}
