import { WindowCount } from "./window-count.js";

const MAX_TARGETS = 4;

/** What one source sends to one address and port. */
export class FloodTarget {
  address = "";
  port = 0;
  first = 0;
  /** What counts against the threshold. */
  readonly counted: WindowCount;
  /** What was a success, or in the case of UDP packets of any kind. */
  readonly others: WindowCount;
  /** What only packet generators send, over a longer time. */
  readonly crafted: WindowCount;
  /** Port pairs seen last, for UDP. */
  readonly pairs: number[] = [];

  constructor(seconds: number, craftedSeconds: number) {
    this.counted = new WindowCount(seconds);
    this.others = new WindowCount(seconds);
    this.crafted = new WindowCount(craftedSeconds);
  }

  begin(address: string, port: number, now: number): void {
    this.address = address;
    this.port = port;
    this.first = now;
    this.counted.clear();
    this.others.clear();
    this.crafted.clear();
    this.pairs.length = 0;
  }
}

/** The last four targets of one source. */
export class FloodTargets {
  private readonly targets: FloodTarget[] = [];
  private next = 0;

  constructor(
    private readonly seconds: number,
    private readonly craftedSeconds: number,
  ) {}

  find(address: string, port: number): FloodTarget | undefined {
    return this.targets.find((target) => target.port === port && target.address === address);
  }

  of(address: string, port: number, now: number): FloodTarget {
    const known = this.find(address, port);
    if (known !== undefined) {
      // A target that was left alone begins anew, so that its first packet is one of this flood.
      if (known.counted.at(now) === 0 && known.crafted.at(now) === 0) known.first = now;
      return known;
    }
    let target = this.targets.length < MAX_TARGETS ? undefined : this.targets[this.next];
    if (target === undefined) {
      target = new FloodTarget(this.seconds, this.craftedSeconds);
      this.targets.push(target);
    }
    this.next = (this.next + 1) % MAX_TARGETS;
    target.begin(address, port, now);
    return target;
  }
}
