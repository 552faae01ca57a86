import type { DeviceState } from "./device.js";
import type { Publisher } from "./publisher.js";
import type { Sealer } from "./sealer.js";
import type { MessageLabel } from "./truth.js";

/** A device on the network: reads its sensor, seals and publishes at its own pace, until it is told otherwise. */
export class DeviceClient {
  private timer: NodeJS.Timeout | undefined;
  /** When it started to drift, and how. */
  private drift: { offsetK: (atMs: number) => number; episode: number } | undefined;

  constructor(
    readonly state: DeviceState,
    readonly sealer: Sealer,
    readonly publisher: Publisher,
  ) {}

  get id(): string {
    return this.state.device.id;
  }

  get topic(): string {
    return this.state.device.topic;
  }

  start(): void {
    this.stop();
    this.timer = setTimeout(() => this.tick(), this.state.firstDelayMs());
  }

  /** Ends its own readings; an attacker who holds the device sends others. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** From now on it reads too much; `undefined` repairs it. */
  driftBy(drift: { offsetK: (atMs: number) => number; episode: number } | undefined): void {
    this.drift = drift;
  }

  private tick(): void {
    this.timer = setTimeout(() => this.tick(), this.state.nextDelayMs());
    const { drift, state } = this;
    const now = Date.now();
    const offsetK = drift?.offsetK(now) ?? 0;
    const climate = state.read(now, offsetK);
    const payload = state.payload(now, climate);
    const reported = { temperature: climate.temperature, humidity: climate.humidity, rate: payload.message_rate };
    const label: MessageLabel = drift
      ? { scenario: "slow-drift", isAttack: true, episode: drift.episode, levelC: state.trueC(now) + offsetK, reported }
      : { scenario: "normal", isAttack: false, reported };
    this.publisher.send(this.topic, this.sealer.sealJson(payload, this.topic, now), label);
  }
}
