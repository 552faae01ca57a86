/** Enough that the stages of a flow work on warm code, few enough that what is under way stays small. */
const PER_TURN = 64;

/**
 * Hands things on in order: at once while few come, and a backlog by a number for each turn of the event loop. A flow
 * takes one stage in a turn; ten thousand messages that are all at the same stage leave every cache before the next
 * one, and the garbage collector copies them all again and again.
 */
export class PacedQueue<T> {
  private waiting: T[] = [];
  /** Of `waiting`, those before it are handed on. */
  private next = 0;
  private room: number;
  private turn: NodeJS.Immediate | undefined;

  constructor(
    private readonly handOn: (item: T) => void,
    private readonly perTurn = PER_TURN,
  ) {
    this.room = perTurn;
  }

  /** Items that wait. */
  get size(): number {
    return this.waiting.length - this.next;
  }

  add(item: T): void {
    if (this.size > 0 || this.room === 0) this.waiting.push(item);
    else this.give(item);
    this.turn ??= setImmediate(() => this.takeTurn());
  }

  /** Forgets what waits. */
  clear(): void {
    this.waiting = [];
    this.next = 0;
  }

  private give(item: T): void {
    this.room--;
    this.handOn(item);
  }

  private takeTurn(): void {
    this.turn = undefined;
    this.room = this.perTurn;
    while (this.room > 0 && this.size > 0) this.give(this.waiting[this.next++] as T);
    if (this.size === 0) this.clear();
    else if (this.next > this.perTurn && this.next * 2 > this.waiting.length) {
      this.waiting = this.waiting.slice(this.next);
      this.next = 0;
    }
    if (this.room < this.perTurn) this.turn ??= setImmediate(() => this.takeTurn());
  }
}
