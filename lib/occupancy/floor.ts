/**
 * The access points of a floor, which is a beginning of their names: `f1` means `f1-03` and `f1/lobby`, not `f10-03`.
 *
 * @param names of all access points.
 */
export function onFloor(names: readonly string[], floor: string): string[] {
  return names.filter((name) => name.startsWith(floor) && !continues(name, floor.length));
}

/** Whether the name goes on with the same word or number at a place. */
function continues(name: string, at: number): boolean {
  const last = name[at - 1] ?? "";
  const next = name[at] ?? "";
  return (/\d/.test(last) && /\d/.test(next)) || (/\p{L}/u.test(last) && /\p{L}/u.test(next));
}
