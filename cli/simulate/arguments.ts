import { InvalidArgumentError } from "commander";
import { CommandFailure, UsageFailure } from "../failure.js";

/** Parser of an option that is a number between two bounds, both included. */
export function within(low: number, high: number, wholeOnly: boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= low && value <= high) || (wholeOnly && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`a ${wholeOnly ? "whole " : ""}number of ${low} to ${high}`);
    }
    return value;
  };
}

/** Turns what files and the network say into the one line that the user gets. */
export async function orFail<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageFailure) throw error;
    throw new CommandFailure((error as Error).message);
  }
}
