import { pythonFloat } from "../common/python-float.js";

/** What a spreadsheet takes for the beginning of a formula, wide forms included. */
const FORMULA_START = "=+\\-@＝＋－＠";
/** At the beginning, or behind what some spreadsheets take for a separator; blanks may stand before it. */
const FORMULA = new RegExp(`(^|[;|,])( *)(?=[${FORMULA_START}])`, "g");
/** A record is one line, whatever a device calls itself. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/**
 * A cell of text that came from outside: control characters become blanks, and what a spreadsheet would run as a
 * formula gets an apostrophe before it (OWASP, CSV Injection). Quoted as Python's `csv.writer` does.
 */
export function textCell(text: string): string {
  return quoted(text.replace(CONTROL, " ").replace(FORMULA, "$1$2'"));
}

/** A float as `csv.writer` writes it (`55.0`); empty where unknown. */
export function floatCell(value: number | null): string {
  return value === null ? "" : pythonFloat(value);
}

/** A whole number; empty where unknown. */
export function integerCell(value: number | null): string {
  return value === null ? "" : String(Math.trunc(value));
}
