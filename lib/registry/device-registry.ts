import { statSync } from "node:fs";
import type { QuantityLimits } from "../common/quantity-limits.js";
import { FIRST_EPOCH } from "./epochs.js";
import { mergeLimits } from "./limits.js";
import type { DeviceProfile } from "./profiles.js";
import { type RegistryDocument, readRegistry, topicsOf, writeRegistry } from "./registry-file.js";

/** A device as the nodes see it. */
export interface RegisteredDevice {
  readonly id: string;
  readonly profile: DeviceProfile;
  readonly topics: readonly string[];
  /** Its own limits and, for other quantities, the registry's defaults. */
  readonly limits: QuantityLimits;
  /** Number of its present key. */
  readonly epoch: number;
  /** The one before, good until then; milliseconds since the Unix epoch. */
  readonly previousEpoch?: { readonly epoch: number; readonly until: number };
}

export interface DeviceRegistryOptions {
  /** Called with a problem when the file breaks and with undefined when it is whole again. */
  onProblem?: (problem: string | undefined) => void;
  /** Milliseconds since the Unix epoch; the system's clock unless given. */
  now?: () => number;
}

/** A lookup stats the file at most this often. */
const CHECK_PERIOD_MS = 2000;

interface Index {
  devices: ReadonlyMap<string, RegisteredDevice>;
  byTopic: ReadonlyMap<string, RegisteredDevice>;
  defaultLimits: QuantityLimits;
}

function indexOf(document: RegistryDocument): Index {
  const defaults = document.defaults?.limits;
  const devices = document.devices.map(
    (entry): RegisteredDevice => ({
      id: entry.id,
      profile: entry.profile,
      topics: topicsOf(entry),
      limits: mergeLimits(defaults, entry.limits),
      epoch: entry.epoch ?? FIRST_EPOCH,
      ...(entry.previousEpoch && {
        previousEpoch: { epoch: entry.previousEpoch.epoch, until: Date.parse(entry.previousEpoch.until) },
      }),
    }),
  );
  return {
    devices: new Map(devices.map((device) => [device.id, device])),
    byTopic: new Map(devices.flatMap((device) => device.topics.map((topic) => [topic, device]))),
    defaultLimits: mergeLimits(defaults, undefined),
  };
}

/**
 * The devices of a registry file. Follows the file: a lookup after a change sees it within two seconds. A file that
 * broke, or went missing, changes nothing: the last good devices stay, and `problem` says why.
 */
export class DeviceRegistry {
  readonly #path: string;
  readonly #options: DeviceRegistryOptions;
  #index: Index = indexOf({ version: 1, devices: [] });
  #checkedAt = Number.NEGATIVE_INFINITY;
  #stamp: string | undefined;
  #problem: string | undefined;

  /** Reads the file. One that is broken or missing from the start leaves no devices; only the former is a problem. */
  constructor(path: string, options: DeviceRegistryOptions = {}) {
    this.#path = path;
    this.#options = options;
    this.reload();
  }

  /** Why the file, as it is now, cannot be used; for people. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The device that owns a topic. */
  deviceOfTopic(topic: string): RegisteredDevice | undefined {
    this.#follow();
    return this.#index.byTopic.get(topic);
  }

  get(id: string): RegisteredDevice | undefined {
    this.#follow();
    return this.#index.devices.get(id);
  }

  /** The key epochs of a device that are good at this time, the present one first; none for one that is not listed. */
  epochsOf(id: string, now: number): readonly number[] {
    const device = this.get(id);
    if (!device) return [];
    const { epoch, previousEpoch } = device;
    return previousEpoch && now < previousEpoch.until ? [epoch, previousEpoch.epoch] : [epoch];
  }

  /** In the order of the file. */
  list(): RegisteredDevice[] {
    this.#follow();
    return [...this.#index.devices.values()];
  }

  /** Limits of a device, or the defaults for one that is not listed. */
  limitsOf(id: string): QuantityLimits {
    return this.get(id)?.limits ?? this.#index.defaultLimits;
  }

  /**
   * The file as it is now.
   *
   * @throws {RegistryProblem} for a broken one.
   */
  read(): RegistryDocument {
    return readRegistry(this.#path);
  }

  /** Replaces the file; its devices hold at once. */
  write(registry: RegistryDocument): void {
    writeRegistry(this.#path, registry);
    this.reload();
  }

  /** Looks at the file now. */
  reload(): void {
    this.#checkedAt = this.#now();
    const stamp = this.#stampOfFile();
    if (stamp === this.#stamp) return;
    const isFirst = this.#stamp === undefined;
    this.#stamp = stamp;
    try {
      // Nothing there yet is a start; a file that vanishes is an accident.
      if (stamp === "" && !isFirst) throw new Error(`${this.#path} does not exist any more`);
      this.#index = indexOf(readRegistry(this.#path));
      this.#report(undefined);
    } catch (error) {
      this.#report((error as Error).message);
    }
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #follow(): void {
    const elapsed = this.#now() - this.#checkedAt;
    // A clock that was set back must not stop the looking.
    if (elapsed >= CHECK_PERIOD_MS || elapsed < 0) this.reload();
  }

  #stampOfFile(): string {
    try {
      const { mtimeNs, size, ino } = statSync(this.#path, { bigint: true });
      return `${mtimeNs}/${size}/${ino}`;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ENOENT" ? "" : String((error as NodeJS.ErrnoException).code);
    }
  }

  #report(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem?.(problem);
  }
}
