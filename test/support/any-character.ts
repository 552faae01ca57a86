import fc from "fast-check";

const SURROGATES = { from: 0xd800, count: 0x800 };
const LAST = 0x10ffff - SURROGATES.count;

/**
 * Any character of Unicode, as the unit of `fc.string`: the same draws as of its unit "binary", which first makes a table
 * of all 1.1 million of them.
 */
export const anyCharacter = fc.nat(LAST).map(
  (index) => String.fromCodePoint(index < SURROGATES.from ? index : index + SURROGATES.count),
  (character) => {
    const point = typeof character === "string" ? character.codePointAt(0) : undefined;
    if (point === undefined || character !== String.fromCodePoint(point)) throw new Error("not one character");
    if (point < SURROGATES.from) return point;
    if (point < SURROGATES.from + SURROGATES.count) throw new Error("half a character");
    return point - SURROGATES.count;
  },
);
