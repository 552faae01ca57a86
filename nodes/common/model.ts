import type { Node } from "node-red";
import type { AnomalyVerdict } from "../../lib/common/message.js";

/** The `redoubt-model` config node as its users see it. */
export interface ModelNode extends Node {
  /** Why there is no model, or why its last training failed; for people. */
  readonly problem: string | undefined;
  /** Whether verdicts are given. */
  readonly isReady: boolean;
  /** Readings learned from and needed, while the model learns. */
  readonly learning: { have: number; need: number } | undefined;
  /**
   * Scores a reading, or learns from it and returns undefined.
   *
   * @throws {Rejection} for a reading that cannot be scored; Error where a problem leaves no model.
   */
  score(payload: unknown, device?: string): AnomalyVerdict | undefined;
  /** Calls the listener at once and after each change of the above; returns how to stop that. */
  watch(listener: () => void): () => void;
}
