import type { Node } from "node-red";
import type { Judgement, ReadingContext } from "../../lib/anomaly/scorer.js";

/** The `redoubt-model` config node as its users see it. */
export interface ModelNode extends Node {
  /** Why there is no model, or why its last training failed; for people. */
  readonly problem: string | undefined;
  /** The model in use: its name and revision as verdicts carry them, and when it was trained (ISO 8601). */
  readonly inUse: { label: string; createdAt: string } | undefined;
  /** Whether verdicts are given. */
  readonly isReady: boolean;
  /** Readings learned from and needed, while the model learns. */
  readonly learning: { have: number; need: number } | undefined;
  /**
   * Judges a reading, or learns from it and returns undefined.
   *
   * @throws {Rejection} for a reading that cannot be scored; Error where a problem leaves no model.
   */
  judge(payload: unknown, device?: string, context?: ReadingContext): Judgement | undefined;
  /** Calls the listener at once and after each change of the above; returns how to stop that. */
  watch(listener: () => void): () => void;
}
