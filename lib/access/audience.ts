import type { Role } from "./logins.js";

/**
 * What a dashboard client of the given role may receive of one event's arguments. A message that carries
 * `audience: "operator"` (a stats node set to "operators only" adds it) is left out for viewers, alone or in a
 * chart's history.
 *
 * @returns the arguments to send, or undefined when nothing may be sent.
 */
export function visibleArguments(role: Role, values: unknown[]): unknown[] | undefined {
  if (role === "operator") return values;
  const visible: unknown[] = [];
  for (const value of values) {
    if (isForOperators(value)) return undefined;
    visible.push(Array.isArray(value) ? value.filter((item) => !isForOperators(item)) : value);
  }
  return visible;
}

function isForOperators(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as { audience?: unknown }).audience === "operator";
}

/** Events by which a dashboard client acts on the flow; a viewer's are ignored. Loading a widget is not among them. */
export const ACTING_EVENTS: ReadonlySet<string> = new Set(["widget-action", "widget-change", "widget-send"]);
