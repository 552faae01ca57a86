import type { ClassifierModel } from "../model.js";
import { argMax } from "../tree-classifier.js";
import { classCounts, type FlowSet, pickRows } from "./flow-set.js";
import { judgeRows, shareOf } from "./judge-rows.js";

/** What a model that was trained without a class says of that class's rows. */
export interface LeftOutClass {
  name: string;
  isAttack: boolean;
  rows: number;
  /** Share that is called some attack. For an attack that is what one hopes for, for a device a false alarm. */
  calledAttack: number;
  /** Share that is answered "unknown" in a flow. */
  unknown: number;
  /** Share that is called some attack and not answered "unknown": a confident false alarm, for a device. */
  calledAttackKnown: number;
  /** What most of the rows are called, and the share of them. */
  mostly: { label: string; share: number };
}

/**
 * Trains once per class without it: how the model meets a device or an attack that is new to it.
 *
 * @param fitOn trains on the given rows.
 */
export function leaveOneClassOut(
  set: FlowSet,
  isAttack: readonly boolean[],
  fitOn: (train: FlowSet) => ClassifierModel,
): LeftOutClass[] {
  const counts = classCounts(set);
  return set.classes.flatMap((name, c) => {
    if (counts[c] === 0) return [];
    const rows = Array.from(set.labels.keys());
    const isOut = (row: number) => set.labels[row] === c;
    const model = fitOn(
      pickRows(
        set,
        rows.filter((row) => !isOut(row)),
      ),
    );
    const { predicted, unknown } = judgeRows(model, pickRows(set, rows.filter(isOut)));
    const alarms = Array.from(predicted, (label) => (isAttack[label] ? 1 : 0));
    const votes = new Int32Array(set.classes.length);
    for (const label of predicted) votes[label] = (votes[label] as number) + 1;
    const most = argMax(votes);
    return {
      name,
      isAttack: isAttack[c] as boolean,
      rows: predicted.length,
      calledAttack: shareOf(alarms),
      unknown: shareOf(unknown),
      calledAttackKnown: shareOf(alarms.map((alarm, i) => (unknown[i] ? 0 : alarm))),
      mostly: { label: set.classes[most] as string, share: (votes[most] as number) / predicted.length },
    };
  });
}
