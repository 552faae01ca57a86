/** How many sensors of one mask are compared with those of others. */
const MAX_SENSORS = 16_384;

/** One mask's part in a {@link SensorRegistry}. */
export interface SensorWatch {
  /** Says that the mask masks this sensor. */
  saw(device: string): void;
  /** Names of other masks that mask some of the same sensors. */
  readonly others: readonly string[];
  /** The mask is gone. */
  close(): void;
}

interface Watcher {
  name: string;
  devices: Set<string>;
  others: Map<Watcher, string>;
}

/**
 * Finds masks that mask the same sensors. Each keeps an account of its own, but who reads both streams loses the
 * sensors' secrets to the sum of both. It compares sensors' names, so it cannot see sensors without one, nor masks
 * in other processes.
 */
export class SensorRegistry {
  private readonly masksOf = new Map<string, Set<Watcher>>();

  /** @param name of the mask, for people. */
  watch(name: string): SensorWatch {
    const self: Watcher = { name, devices: new Set(), others: new Map() };
    return {
      saw: (device) => {
        if (!self.devices.has(device) && self.devices.size < MAX_SENSORS) this.add(self, device);
      },
      get others() {
        return [...new Set(self.others.values())].sort();
      },
      close: () => this.remove(self),
    };
  }

  private add(self: Watcher, device: string): void {
    self.devices.add(device);
    const masks = this.masksOf.get(device) ?? new Set();
    for (const other of masks) {
      self.others.set(other, other.name);
      other.others.set(self, self.name);
    }
    masks.add(self);
    this.masksOf.set(device, masks);
  }

  private remove(self: Watcher): void {
    for (const device of self.devices) {
      const masks = this.masksOf.get(device);
      masks?.delete(self);
      if (masks?.size === 0) this.masksOf.delete(device);
    }
    for (const other of self.others.keys()) other.others.delete(self);
    self.devices.clear();
    self.others.clear();
  }
}
