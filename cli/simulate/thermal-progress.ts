import type { WriteStream } from "node:tty";
import type { SimulationProgress } from "../../simulator/thermal/simulation.js";

/** A log gets a line this often, a terminal every second. */
const LOG_EVERY_SEC = 60;

function clock(seconds: number): string {
  const part = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${part(seconds / 3600)}:${part((seconds / 60) % 60)}:${part(seconds % 60)}`;
}

/** One line about the running plant: redrawn on a terminal, repeated once a minute in a log. */
export class ThermalProgress {
  private drawn = false;

  constructor(private readonly stream: Pick<WriteStream, "isTTY" | "write">) {}

  update({ sent, commandsAccepted, commandsRefused, sample }: SimulationProgress): void {
    const mean = sample.racks.reduce((sum, rack) => sum + rack.inletC, 0) / sample.racks.length;
    const parts = [
      clock(sample.timeSec),
      `${sent} readings`,
      `inlet ${mean.toFixed(1)} °C`,
      `supply ${sample.supplyC.toFixed(1)} °C`,
      `${commandsAccepted} commands`,
    ];
    if (commandsRefused > 0) parts.push(`${commandsRefused} refused`);
    for (const { kind } of sample.events) parts.push(kind);
    const line = parts.join("  ");
    if (this.stream.isTTY) {
      this.stream.write(`\r\x1b[K${line}`);
      this.drawn = true;
    } else if (sample.timeSec === 1 || sample.timeSec % LOG_EVERY_SEC === 0) {
      this.stream.write(`${line}\n`);
    }
  }

  /** Prints a line of its own between two updates. */
  interrupt(line: string): void {
    this.finish();
    this.stream.write(`${line}\n`);
  }

  finish(): void {
    if (this.drawn) this.stream.write("\n");
    this.drawn = false;
  }
}
