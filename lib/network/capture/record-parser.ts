/** A file format whose records are read one after the other from whatever bytes have arrived. */
export interface RecordParser {
  /**
   * Reads the records that lie wholly in `bytes` from `start` to `end`.
   *
   * @returns where the first record begins that does not; `needed` then says how many bytes from there on make the
   * next step possible, and `skip` how many are of no interest.
   * @throws {Rejection} FORMAT where nothing more can be read.
   */
  parse(bytes: Buffer, start: number, end: number): number;
  readonly needed: number;
  /** Bytes to be thrown away before the next call; the one who throws them away counts it down. */
  skip: number;
}

/** Largest snap length of libpcap; a longer record means that its length is damaged, or that this is none. */
export const LONGEST_FRAME = 262_144;
