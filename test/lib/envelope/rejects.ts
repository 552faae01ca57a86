import assert from "node:assert/strict";
import { Rejection, type RejectionCode } from "../../../lib/common/rejection.js";

/** Asserts that `work` refuses with one of the codes. */
export function rejects(work: () => unknown, ...codes: RejectionCode[]): Rejection {
  let refused: Rejection | undefined;
  try {
    work();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    refused = error;
  }
  assert.ok(refused, "it was accepted");
  if (codes.length > 0) assert.ok(codes.includes(refused.code), `${refused.message}, expected ${codes.join(" or ")}`);
  return refused;
}
