import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";

/** What a virtual device is told by its serial line. */
export interface VirtualDeviceSetup {
  /** `mqtts://host:port`; `mqtt://127.0.0.1:port` without TLS. */
  broker: string;
  /** PEM texts. */
  authority?: string;
  certificate?: string;
  certificateKey?: string;
  updateKey?: string;
  /** Between two readings. */
  periodMs: number;
  /** See `provisioningRecord`; without it the device keeps the key that it has. */
  record?: string;
}

export interface VirtualDeviceOptions {
  program: string;
  /** The device's flash: a folder of its own. */
  flash: string;
  seed: number;
  /** Of `dht22`, `ds18b20`, `motion`, `light`, `battery`; all unless given. */
  sensors?: readonly string[];
  /** Share of NVS writes that fail, 0..1. */
  nvsFailures?: number;
  /** Where the set-up page listens on this machine; none unless given. */
  portalPort?: number;
  /** Each line that it prints. */
  onLine?: (line: string) => void;
}

/** What a device says about itself. */
export interface VirtualDeviceStatus {
  isConnected: boolean;
  delivered: number;
  waiting: number;
  dropped: number;
  unsealed: number;
  accepted: number;
  refused: number;
}

const STARTED = /^redoubt firmware \d+: (\w+)/;
const CONNECTION = /^wifi \w+, mqtt (\w+)/;
const READINGS = /^readings: (\d+) delivered, (\d+) waiting, (\d+) dropped, (\d+) not sealed/;
const COMMANDS = /^commands: (\d+) accepted, (\d+) refused/;
/** A hundred of them may start at once, on a machine with two cores. */
const PATIENCE_MS = 60_000;

function linesOf(setup: VirtualDeviceSetup): string[] {
  const { broker, authority, certificate, certificateKey, updateKey, periodMs, record } = setup;
  const pem = (name: string, text: string | undefined) => [`set ${name} ${(text ?? "").replaceAll("\n", "\\n")}`];
  return [
    "set wifi-name simulated",
    `set broker ${broker}`,
    `set period-ms ${periodMs}`,
    ...pem("authority", authority),
    ...pem("certificate", certificate),
    ...pem("certificate-key", certificateKey),
    ...pem("update-key", updateKey),
    ...(record === undefined ? [] : [`provision ${record}`]),
  ];
}

/** One process of the firmware, with its serial line. */
export class VirtualDevice {
  status: VirtualDeviceStatus = {
    ...{ isConnected: false, delivered: 0, waiting: 0, dropped: 0, unsealed: 0, accepted: 0, refused: 0 },
  };
  private child: ChildProcess | undefined;
  private readonly waiters = new Set<(line: string | undefined) => void>();

  constructor(private readonly options: VirtualDeviceOptions) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  /** Starts it with what its flash holds. Resolves when it runs. @throws {Error} where it does not. */
  async start(): Promise<void> {
    const { program, flash, seed, sensors, nvsFailures, portalPort } = this.options;
    mkdirSync(flash, { recursive: true, mode: 0o700 });
    const args = ["--flash", flash, "--seed", String(seed)];
    if (sensors) args.push("--sensors", sensors.join(",") || "none");
    if (nvsFailures !== undefined) args.push("--nvs-failures", String(nvsFailures));
    if (portalPort !== undefined) args.push("--portal-port", String(portalPort));
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.child = child;
    // A program that ends while something is written to it says so by its exit.
    child.stdin.on("error", () => {});
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.take(line));
    }
    child.once("error", () => this.gone(child));
    child.once("exit", () => this.gone(child));
    await this.until(STARTED);
  }

  /**
   * Starts it, tells it everything and lets it start again with that, as a person at its serial line would. What is
   * refused because the flash fails is told again.
   *
   * @throws {Error} that says what the device refuses, without what it was told.
   */
  async setUp(setup: VirtualDeviceSetup): Promise<void> {
    await this.start();
    for (const line of linesOf(setup)) await this.tell(line);
    const started = this.until(STARTED);
    this.write("restart");
    await started;
  }

  /** Asks how it goes. @returns undefined where it does not answer. */
  async askStatus(): Promise<VirtualDeviceStatus | undefined> {
    if (!this.child) return undefined;
    const answered = this.until(COMMANDS).catch(() => undefined);
    this.write("status");
    return (await answered) === undefined ? undefined : this.status;
  }

  write(line: string): void {
    this.child?.stdin?.write(`${line}\n`);
  }

  /** Ends it; SIGKILL as a power cut does. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const { child } = this;
    if (!child) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Resolves with the next line of this form. @throws {Error} where it ends, or says nothing of the kind. */
  async until(form: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(undefined, "does not answer"), PATIENCE_MS);
      const done = (found: RegExpExecArray | undefined, problem: string) => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        if (found) resolve(found);
        else reject(new Error(`the virtual device ${problem}`));
      };
      const waiter = (line: string | undefined) => {
        const found = line === undefined ? undefined : form.exec(line);
        if (found || line === undefined) done(found ?? undefined, "ended");
      };
      this.waiters.add(waiter);
      if (!this.child) done(undefined, "is not running");
    });
  }

  private async tell(line: string): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const answered = this.until(/^(?:set (.+)|(provisioned): .*|not provisioned: (\w+))$/);
      this.write(line);
      const [, set, provisioned, refused] = await answered;
      if (set === "ok" || provisioned !== undefined) return;
      if (set !== "the flash cannot be written" && refused !== "STORAGE") {
        throw new Error(`the virtual device refuses "${line.split(" ", 2).join(" ").slice(0, 30)}": ${set ?? refused}`);
      }
    }
    throw new Error("the virtual device's flash cannot be written");
  }

  private take(line: string): void {
    const connection = CONNECTION.exec(line);
    if (connection) this.status = { ...this.status, isConnected: connection[1] === "up" };
    const readings = READINGS.exec(line);
    if (readings) {
      const [delivered, waiting, dropped, unsealed] = readings.slice(1).map(Number) as [number, number, number, number];
      this.status = { ...this.status, delivered, waiting, dropped, unsealed };
    }
    const commands = COMMANDS.exec(line);
    if (commands) this.status = { ...this.status, accepted: Number(commands[1]), refused: Number(commands[2]) };
    this.options.onLine?.(line);
    for (const waiter of [...this.waiters]) waiter(line);
  }

  private gone(child: ChildProcess): void {
    if (this.child !== child) return;
    this.child = undefined;
    for (const waiter of [...this.waiters]) waiter(undefined);
  }
}
