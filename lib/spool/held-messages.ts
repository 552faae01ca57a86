import type { IntakeEntry } from "./intake-entry.js";

/** A message that was received and not acknowledged. */
export interface HeldMessage {
  /** Which one it was of those that came. */
  order: number;
  entry: IntakeEntry;
  /** Sends its PUBACK, if its connection still exists. */
  acknowledge: () => void;
}

const MAX_MESSAGES = 1000;
const MAX_BYTES = 16 * 1_048_576;

/** Messages that wait in memory, unacknowledged, until the journal takes them. What does not fit stays with the broker. */
export class HeldMessages {
  private messages: HeldMessage[] = [];
  private bytes = 0;
  private overflow = false;

  get size(): number {
    return this.messages.length;
  }

  /** Whether messages came that did not fit: the broker sends them again on a new connection only. */
  get hasOverflowed(): boolean {
    return this.overflow;
  }

  /** Also one that was taken out and could not be written: it goes back to its place. */
  add(message: HeldMessage): void {
    const size = message.entry.bytes.length;
    // One that is left out must not be overtaken for ever by those behind it: then all of them wait for the broker.
    if (this.overflow || this.messages.length >= MAX_MESSAGES || this.bytes + size > MAX_BYTES) {
      this.overflow = true;
      return;
    }
    const place = this.messages.findLastIndex(({ order }) => order < message.order) + 1;
    this.messages.splice(place, 0, message);
    this.bytes += size;
  }

  /** Takes out up to `count`, oldest first. */
  take(count: number): HeldMessage[] {
    const taken = this.messages.splice(0, count);
    for (const { entry } of taken) this.bytes -= entry.bytes.length;
    return taken;
  }

  /** The connection is gone: the broker sends all of them again. */
  clear(): void {
    this.messages = [];
    this.bytes = 0;
    this.overflow = false;
  }
}
