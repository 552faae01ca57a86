interface Flight {
  /** Sum of the points, below 0. */
  points: number;
  count: number;
  settled: Promise<unknown>;
}

/** Losses of trust that were handed to the ledger and are not on the disk yet. */
export class LossesInFlight {
  private readonly flights = new Map<string, Flight>();

  /** Whether what is under way takes all that a device has. */
  takeAll(device: string, score: number): boolean {
    const flight = this.flights.get(device);
    return flight !== undefined && score + flight.points <= 0;
  }

  /** When what is under way has reached the disk, or failed. */
  async settled(device: string): Promise<void> {
    await this.flights.get(device)?.settled;
  }

  /** @param appended settles when the loss has reached the disk; its outcome is passed on. */
  async add<T>(device: string, points: number, appended: Promise<T>): Promise<T> {
    const flight = this.flights.get(device) ?? { points: 0, count: 0, settled: appended };
    this.flights.set(device, flight);
    flight.points += points;
    flight.count++;
    flight.settled = Promise.allSettled([flight.settled, appended]);
    try {
      return await appended;
    } finally {
      flight.points -= points;
      if (--flight.count === 0 && this.flights.get(device) === flight) this.flights.delete(device);
    }
  }
}
