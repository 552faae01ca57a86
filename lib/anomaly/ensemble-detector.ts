import type { Detector, Opinion } from "./detector.js";
import { type EnsembleMember, type MemberModel, unifiedScore } from "./ensemble.js";
import type { EnsembleModel } from "./model.js";
import { sharesOf } from "./path-attribution.js";

interface Voice {
  detector: Detector;
  calibration: EnsembleMember["calibration"];
  /** Where the member's features are in the ensemble's row. */
  columns: number[];
}

/** Several models that judge together; see `ensemble` for the rules. */
export class EnsembleDetector implements Detector {
  readonly threshold: number;
  readonly source = "model";
  private readonly voices: Voice[];

  /** @param detectorOf makes a member ready. */
  constructor(
    private readonly model: EnsembleModel,
    detectorOf: (member: MemberModel) => Detector,
  ) {
    this.threshold = model.ensemble.threshold;
    this.voices = model.ensemble.members.map(({ model: member, calibration }) => ({
      detector: detectorOf(member),
      calibration,
      columns: member.featureNames.map((name) => model.featureNames.indexOf(name)),
    }));
  }

  judge(row: Float64Array): Opinion {
    const shares = this.voices.map((voice) => this.listen(voice, row));
    const sum = shares.reduce((total, share) => total + share, 0);
    const score = this.model.ensemble.rule === "max" ? Math.max(...shares) : sum / shares.length;
    return { score, isAnomaly: score >= this.threshold, raw: score };
  }

  /** The members' shares, each with the weight of what it says. */
  shares(row: Float64Array): Float64Array {
    const credit = new Float64Array(row.length);
    for (const voice of this.voices) {
      const weight = this.listen(voice, row);
      if (weight === 0) continue;
      for (const [i, share] of voice.detector.shares(rowOf(voice, row)).entries()) {
        const column = voice.columns[i] as number;
        credit[column] = (credit[column] as number) + weight * share;
      }
    }
    return sharesOf(credit);
  }

  because(row: Float64Array): string {
    const flagging = this.voices.filter((voice) => voice.detector.judge(rowOf(voice, row)).isAnomaly).length;
    return `unusual together, as ${flagging} of ${this.voices.length} models say`;
  }

  private listen(voice: Voice, row: Float64Array): number {
    const { score, isAnomaly } = voice.detector.judge(rowOf(voice, row));
    if (this.model.ensemble.rule === "majority" || !voice.calibration) return isAnomaly ? 1 : 0;
    return unifiedScore(score, voice.calibration);
  }
}

function rowOf({ columns }: Voice, row: Float64Array): Float64Array {
  return Float64Array.from(columns, (column) => row[column] as number);
}
