import { existsSync } from "node:fs";
import type { FlowRecord, NetworkAlert } from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";
import { AlertedSources } from "./alerted-sources.js";
import { BaselineAlerts } from "./alerts.js";
import { readBaselineFile, writeBaselineFile } from "./baseline-file.js";
import { BaselineJudge, type FlowJudgement } from "./judge.js";
import { BaselineLearner, type LearnOptions } from "./learner.js";
import type { AlertInBrief } from "./read-flow.js";

export interface KeeperOptions extends LearnOptions {
  /** File that holds the baseline; made when learning is over. */
  file: string;
  name: string;
  /** Learn for so long, in seconds by the flows' clock. */
  learnSeconds: number;
  rate: number;
  onAlert: (alert: NetworkAlert) => void;
  /** Learning is over; tells what it came to, or why it goes on. */
  onLearnt: (problem?: string) => void;
  /** Milliseconds since the Unix epoch. */
  now: () => number;
}

interface Judging {
  judge: BaselineJudge;
  alerts: BaselineAlerts;
}

/** So many alerts' ids begin anew with each start: they must not be those of before. */
const EPOCH_BASE = 36;

/** Learns first, then judges, and keeps what was learnt in a file. */
export class BaselineKeeper {
  private readonly alerted = new AlertedSources();
  private judging: Judging | undefined;
  private learner: BaselineLearner | undefined;
  private since = Number.NaN;
  private latest = Number.NaN;
  /** Learning goes on for so long. */
  private due: number;

  /** @throws {Rejection} for a file that is no baseline, or networks that are none; errors of the file system. */
  constructor(private readonly options: KeeperOptions) {
    this.due = options.learnSeconds;
    if (existsSync(options.file)) this.judgeBy(new BaselineJudge(readBaselineFile(options.file)));
    else this.learner = new BaselineLearner(options);
  }

  get isLearning(): boolean {
    return this.judging === undefined;
  }

  /** For people and the status. */
  get state(): { devices: number; flows: number; secondsLeft: number } {
    if (this.judging) {
      const { devices, flows } = this.judging.judge.baseline;
      return { devices: devices.length, flows, secondsLeft: 0 };
    }
    const gone = Number.isNaN(this.since) ? 0 : this.latest - this.since;
    const { deviceCount = 0, flows = 0 } = this.learner ?? {};
    return { devices: deviceCount, flows, secondsLeft: Math.max(0, this.due - gone) };
  }

  /** @returns what is said of the flow; undefined while learning. */
  flow(flow: FlowRecord): FlowJudgement | undefined {
    if (this.judging) {
      const { judge, alerts } = this.judging;
      const { deed, ...judgement } = judge.judge(flow);
      // What a detector has told already needs no second alert.
      if (this.alerted.covers(flow)) alerts.tick(flow.last);
      else alerts.add(flow, { ...judgement, deed });
      return judgement;
    }
    this.learner?.flow(flow);
    if (Number.isNaN(this.since)) this.since = flow.start;
    this.latest = Number.isNaN(this.latest) ? flow.last : Math.max(this.latest, flow.last);
    if (this.latest - this.since >= this.due) this.finish();
    return undefined;
  }

  /** A detector's alert: nothing is learnt from its source, nor told of it twice. */
  alert(alert: AlertInBrief): void {
    this.alerted.add(alert);
    this.learner?.alert(alert);
  }

  /** Time has gone on without a flow. @param time as the flows have it. */
  tick(time: number): void {
    this.judging?.alerts.tick(time);
  }

  /** Forgets the baseline and learns anew; the file stays until that is over. */
  learnAnew(): void {
    this.judging?.alerts.endAll();
    this.judging = undefined;
    this.learner = new BaselineLearner(this.options);
    this.since = Number.NaN;
    this.latest = Number.NaN;
    this.due = this.options.learnSeconds;
  }

  /** Ends learning now. @throws {Rejection} SCHEMA where too few flows were learnt, or nothing is being learnt. */
  finishNow(): void {
    if (!this.learner) throw new Rejection("FORMAT", "nothing is being learnt");
    const { name, rate, now, file } = this.options;
    const baseline = this.learner.finish({ name, rate, now: now() });
    writeBaselineFile(file, baseline);
    this.learner = undefined;
    this.judgeBy(new BaselineJudge(baseline));
  }

  /** What an alert was about is normal from now on. @throws {Rejection} FORMAT where there is no such alert. */
  accept(id: string): void {
    if (!this.judging) throw new Rejection("FORMAT", "nothing is judged yet");
    const { judge, alerts } = this.judging;
    for (const { deed, shape } of alerts.take(id).deeds) judge.accept(deed, shape);
    writeBaselineFile(this.options.file, judge.baseline);
  }

  private finish(): void {
    try {
      this.finishNow();
      this.options.onLearnt();
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      // Too little was heard: once more for as long.
      this.due += this.options.learnSeconds;
      this.options.onLearnt(error.reason);
    }
  }

  private judgeBy(judge: BaselineJudge): void {
    const { onAlert, now } = this.options;
    const prefix = `b${Math.floor(now() / 1000).toString(EPOCH_BASE)}-`;
    this.judging = { judge, alerts: new BaselineAlerts(onAlert, judge.baseline.calibration.promised, prefix) };
  }
}
