import { Rejection, type RejectionCode } from "../../lib/common/rejection.js";
import type { StageMessage } from "./stage.js";

const STATUS: Partial<Record<RejectionCode, number>> = { AUTH: 403, SIZE: 413, RATE: 429 };

/** Says what an `http response` node is to answer, where the message came from an `http in` node. */
export function answerStatus(msg: StageMessage, error: unknown): void {
  const http = msg as StageMessage & { res?: unknown; statusCode?: unknown };
  if (http.res === undefined || http.statusCode !== undefined) return;
  http.statusCode = error instanceof Rejection ? (STATUS[error.code] ?? 400) : 503;
}
