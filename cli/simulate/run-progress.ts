import type { WriteStream } from "node:tty";

/** A log gets a line this often, a terminal every second. */
const LOG_EVERY_SEC = 60;
const BAR_WIDTH = 30;

function clock(seconds: number): string {
  const part = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${part(seconds / 3600)}:${part((seconds / 60) % 60)}:${part(seconds % 60)}`;
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `[${"#".repeat(filled)}${".".repeat(BAR_WIDTH - filled)}]`;
}

/** One line about a running simulation: redrawn on a terminal, repeated once a minute in a log. */
export class RunProgress {
  private drawn = false;
  private loggedAt = Number.NEGATIVE_INFINITY;

  /** @param totalSec seconds until the end, for a bar; without it only the time is shown. */
  constructor(
    private readonly stream: Pick<WriteStream, "isTTY" | "write">,
    private readonly totalSec?: number,
  ) {}

  update(seconds: number, text: string): void {
    const share = this.totalSec === undefined ? undefined : seconds / this.totalSec;
    const line = `${clock(seconds)}  ${share === undefined || !this.stream.isTTY ? "" : `${bar(share)}  `}${text}`;
    if (this.stream.isTTY) {
      this.stream.write(`\r\x1b[K${line}`);
      this.drawn = true;
    } else if (seconds - this.loggedAt >= LOG_EVERY_SEC) {
      this.loggedAt = seconds;
      this.stream.write(`${line}\n`);
    }
  }

  /** Like {@link update}, and a log gets the line at once. */
  announce(seconds: number, text: string): void {
    this.loggedAt = Number.NEGATIVE_INFINITY;
    this.update(seconds, text);
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
