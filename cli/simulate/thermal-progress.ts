import type { WriteStream } from "node:tty";
import type { SimulationProgress } from "../../simulator/thermal/simulation.js";
import { RunProgress } from "./run-progress.js";

/** What the line of a running simulation says of the plant. */
export class ThermalProgress {
  private readonly line: RunProgress;

  constructor(stream: Pick<WriteStream, "isTTY" | "write">) {
    this.line = new RunProgress(stream);
  }

  update({ sent, commandsAccepted, commandsRefused, sample }: SimulationProgress): void {
    const mean = sample.racks.reduce((sum, rack) => sum + rack.inletC, 0) / sample.racks.length;
    const parts = [
      `${sent} readings`,
      `inlet ${mean.toFixed(1)} °C`,
      `supply ${sample.supplyC.toFixed(1)} °C`,
      `${commandsAccepted} commands`,
    ];
    if (commandsRefused > 0) parts.push(`${commandsRefused} refused`);
    for (const { kind } of sample.events) parts.push(kind);
    this.line.update(sample.timeSec, parts.join("  "));
  }

  /** Prints a line of its own between two updates. */
  interrupt(line: string): void {
    this.line.interrupt(line);
  }

  finish(): void {
    this.line.finish();
  }
}
