/**
 * Something was asked of a part that is closed, as every part is at the end of a deploy. Nothing is wrong with the part,
 * nor with what was asked of it.
 */
export class Closed extends Error {
  override readonly name = "Closed";
}
