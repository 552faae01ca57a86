/** A failure that a person can act on: printed as one line, exit code 1. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

/** A wrong use of the command line found after parsing: printed as one line, exit code 2. */
export class UsageFailure extends Error {
  override readonly name = "UsageFailure";
}
