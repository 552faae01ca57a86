import type { JsonObject } from "../common/json.js";

/** A registry that cannot be used; the message is one line for people. */
export class RegistryProblem extends Error {
  override readonly name = "RegistryProblem";
}

/** A misspelt member would silently mean nothing, so there are no unknown ones. */
export function refuseOthers(value: JsonObject, known: readonly string[], where: string): void {
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined) {
    throw new RegistryProblem(
      `${where} has a member ${JSON.stringify(other.slice(0, 64))}; there are: ${known.join(", ")}`,
    );
  }
}
