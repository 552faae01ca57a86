import { DistinctCount } from "./distinct.js";

/** One port must have so large a share of all tries, because the peers of a swarm listen on many. */
const SHARE = 0.8;
const MAX_SUCCESS = 0.2;

/** Different hosts all over the world that one source asked for the same port, in a window that starts anew. */
export class ScatteredHosts {
  private hosts: DistinctCount | undefined;
  private what = -1;
  private tries = 0;
  private others = 0;
  private successes = 0;
  private since = Number.NEGATIVE_INFINITY;

  /**
   * @param what port and protocol.
   * @returns hosts asked for it in vain; 0 while its share of the tries or of the failures is too small.
   */
  add(host: number, what: number, now: number, seconds: number): number {
    if (now - this.since > seconds || now < this.since) this.restart(what, now);
    if (what !== this.what) {
      this.others += 1;
      if (this.others > this.tries) this.restart(what, now);
      else return 0;
    }
    this.tries += 1;
    // Two tries need no sketch; most sources never make a third.
    if (this.tries < 3) return this.tries;
    this.hosts ??= new DistinctCount();
    this.hosts.add(host);
    const isFew = this.tries < SHARE * (this.tries + this.others) || this.successes > MAX_SUCCESS * this.tries;
    return isFew ? 0 : this.hosts.estimate;
  }

  succeeded(_port: number): void {
    this.successes += 1;
  }

  private restart(what: number, now: number): void {
    this.hosts?.clear();
    this.what = what;
    this.tries = 0;
    this.others = 0;
    this.successes = 0;
    this.since = now;
  }
}
