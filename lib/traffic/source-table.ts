/** A copy that does not keep the text alive that it was cut from; lone surrogates survive. */
function detached(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}

/** State per source name, bounded: beyond the cap the source that was silent longest is forgotten and counted. */
export class SourceTable<State> {
  /** Least recently used first. */
  private readonly states = new Map<string, State>();
  private evictions = 0;

  /** @param cap at least 1. */
  constructor(
    readonly cap: number,
    private readonly make: () => State,
  ) {
    if (!(cap >= 1)) throw new RangeError("the cap must be at least 1");
  }

  get followed(): number {
    return this.states.size;
  }

  get forgotten(): number {
    return this.evictions;
  }

  /** @returns the source's state, and whether it was made for this call. */
  stateOf(source: string): { state: State; isNew: boolean } {
    const known = this.states.get(source);
    if (known !== undefined) {
      this.states.delete(source);
      this.states.set(source, known);
      return { state: known, isNew: false };
    }
    if (this.states.size >= this.cap) {
      const oldest = this.states.keys().next();
      if (!oldest.done) this.states.delete(oldest.value);
      this.evictions++;
    }
    const state = this.make();
    this.states.set(detached(source), state);
    return { state, isNew: true };
  }
}
