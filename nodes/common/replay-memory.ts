interface ReplayOptions {
  /** Receiver's clock when the memory was made: what was sealed before is refused. */
  startedAt?: number;
}

/**
 * What nodes of one type have received, by node id. A deploy restarts nodes within one process; what was received
 * before it must stay known.
 */
export class ReplayMemory<Options extends ReplayOptions, Replays> {
  private readonly known = new Map<string, { options: string; replays: Replays }>();

  constructor(private readonly make: (options: Options) => Replays) {}

  /**
   * The memory of a node: the one from before the deploy, as long as it was made with the same options.
   *
   * @param refuseBeforeStart whether a new one refuses what was sealed before `now`, milliseconds since the Unix epoch.
   */
  of(nodeId: string, options: Options, refuseBeforeStart: boolean, now: number): Replays {
    const key = JSON.stringify([options, refuseBeforeStart]);
    const known = this.known.get(nodeId);
    if (known?.options === key) return known.replays;
    const replays = this.make(refuseBeforeStart ? { ...options, startedAt: now } : options);
    this.known.set(nodeId, { options: key, replays });
    return replays;
  }

  /** When a node is deleted. */
  forget(nodeId: string): void {
    this.known.delete(nodeId);
  }
}
