import { SeededRandom } from "../../lib/common/seeded-random.js";
import { type WrittenFrame, writePcap } from "../../lib/network/capture/writer.js";
import { attack, type HouseAttack } from "./attacks.js";
import { ordinaryTraffic } from "./house.js";
import { Traffic } from "./traffic.js";

export interface PieceOptions {
  seed: number;
  /** Which piece of the simulation; equal ones are equal but for their time. */
  index: number;
  /** Seconds since the Unix epoch. */
  start: number;
  /** At least 3: an attack takes 2. */
  seconds: number;
  attacks: boolean;
}

/** Length of a piece, seconds: long enough for an attack, short enough to be news. */
export const PIECE_SECONDS = 5;
/** Pieces between two attacks. */
const EVERY = 10;
const FIRST = 3;

/** The attack of a piece: a scan and guessing in turn, and ordinary traffic alone most of the time. */
export function attackIn(index: number): HouseAttack | undefined {
  if (index % EVERY !== FIRST) return undefined;
  return Math.floor(index / EVERY) % 2 === 0 ? "scan" : "guessing";
}

function framesOf({ seed, index, start, seconds, attacks }: PieceOptions): WrittenFrame[] {
  const traffic = new Traffic(new SeededRandom(seed * 1_000_003 + index));
  ordinaryTraffic(traffic, start, seconds);
  const chosen = attacks ? attackIn(index) : undefined;
  if (chosen) attack(chosen, traffic, start + 1);
  return traffic.take();
}

/** A capture of some seconds in an invented house, as the bytes of a pcap file. No packet in it was ever sent. */
export function makePiece(options: PieceOptions): Buffer {
  return writePcap(framesOf(options));
}

/** A longer one, of several pieces. @param seconds of all together. */
export function makeCapture({ start, seconds, ...rest }: Omit<PieceOptions, "index">): Buffer {
  const count = Math.ceil(seconds / PIECE_SECONDS);
  const pieces = Array.from({ length: count }, (_, index) =>
    framesOf({ ...rest, index, start: start + index * PIECE_SECONDS, seconds: PIECE_SECONDS }),
  );
  return writePcap(pieces.flat());
}
