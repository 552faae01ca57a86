import { finished } from "node:stream/promises";
import { BoundedFile } from "../common/bounded-file.js";
import type { ThermalEvent } from "./events.js";
import type { PlantSample } from "./plant.js";

/** What the readings must not give away, as JSON lines beside the run; 0600, for it undoes the masking. */
export class GroundTruth {
  private readonly stream: BoundedFile;
  private readonly running = new Set<ThermalEvent>();
  private failure: Error | undefined;

  /**
   * @param onFailure told once when the file cannot be written; the run goes on without it.
   * @param maxBytes a larger file becomes `<path>.1` and a new one begins; without it one file holds the whole run.
   */
  constructor(
    path: string,
    private readonly deviceIds: readonly string[],
    onFailure: (line: string) => void,
    maxBytes?: number,
  ) {
    this.stream = new BoundedFile(path, maxBytes);
    this.stream.on("error", (error) => {
      if (!this.failure) onFailure(`${path} cannot be written (${error.message}); going on without it`);
      this.failure = error;
    });
  }

  /** First line, of each file: how to repeat the run. */
  start(timestampMs: number, run: { seed: number; rateHz: number; events: boolean }): void {
    this.write({ type: "run", timestamp: iso(timestampMs), ...run, devices: this.deviceIds });
  }

  /** One line per simulated second, and one for each event that begins or ends. */
  sample(timestampMs: number, sample: PlantSample): void {
    const timestamp = iso(timestampMs);
    for (const event of sample.events) {
      if (this.running.has(event)) continue;
      this.running.add(event);
      const { kind, amplitudeK, startSec, endSec } = event;
      const racks = event.racks.map((rack) => this.deviceIds[rack]);
      this.write({ type: "event", state: "on", timestamp, kind, amplitudeK, startSec, endSec, racks });
    }
    for (const event of this.running) {
      if (sample.events.includes(event)) continue;
      this.running.delete(event);
      this.write({ type: "event", state: "off", timestamp, kind: event.kind, startSec: event.startSec });
    }
    if (!Number.isInteger(sample.timeSec)) return;
    this.write({
      type: "truth",
      timestamp,
      timeSec: sample.timeSec,
      commandC: round(sample.commandC, 2),
      supplyC: round(sample.supplyC, 3),
      racks: sample.racks.map((rack, i) => ({
        device_id: this.deviceIds[i],
        utilisation: round(rack.utilisation, 4),
        powerKw: round(rack.powerKw, 3),
        inletC: round(rack.inletC, 3),
      })),
    });
  }

  async close(): Promise<void> {
    this.stream.end();
    // Already reported.
    await finished(this.stream).catch(() => undefined);
  }

  private write(entry: object): void {
    if (!this.failure) this.stream.write(`${JSON.stringify(entry)}\n`);
  }
}

function iso(timestampMs: number): string {
  return new Date(timestampMs).toISOString();
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
