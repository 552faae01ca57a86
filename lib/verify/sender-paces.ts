import type { ReceptionInfo } from "../common/security.js";
import { type Pace, SenderPace } from "../common/sender-pace.js";

/** As many devices as a registry can list, twice: none that is listed is forgotten. */
const MOST_DEVICES = 20_000;
/** Messages a second of a device without a clock, where no limit is set. */
const DEFAULT_RATE = 50;

/** How messages of each listed device follow each other. */
export class SenderPaces {
  readonly #paces = new Map<string, SenderPace>();
  readonly #spacing: number;

  /** @param rate messages a second that a device may send. */
  constructor(rate = DEFAULT_RATE) {
    this.#spacing = 1 / rate;
  }

  /** @param sentAt by the device's authenticated clock, milliseconds since the Unix epoch. */
  next(device: string, { at, away }: ReceptionInfo, sentAt: number | undefined): Pace {
    let pace = this.#paces.get(device);
    if (!pace) {
      if (this.#paces.size >= MOST_DEVICES) this.#paces.delete(this.#paces.keys().next().value as string);
      pace = new SenderPace();
      this.#paces.set(device, pace);
    }
    return pace.next({ at, ...(sentAt !== undefined && { sentAt }), ...(away && { away }) }, this.#spacing);
  }
}
