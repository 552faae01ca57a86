import type { Node, NodeAPI } from "node-red";
import type { IntervalEnd } from "../../lib/privacy/mask.js";
import type { PrivacyReport } from "../../lib/privacy/report.js";
import type { StageHandle } from "../common/stage.js";

/** Texts of the status, in the order of the catalogue. */
type Condition = "account" | "exhausted" | "no-data" | "withheld" | "shared";

/** What a mask shows of its account, its budget and its sensors; the first that applies, else the counters. */
export class MaskStatus {
  private problem: string | undefined;
  private shared = "";
  private shown: Condition | undefined;

  constructor(
    private readonly node: Node,
    private readonly RED: NodeAPI,
    private readonly stage: StageHandle,
  ) {}

  /** An account that cannot be read or written: one error, and a red ring until it is mended. */
  showProblem(problem: Error): void {
    if (problem.message !== this.problem) {
      this.node.error(this.RED._("redoubt-mask.errors.account", { reason: problem.message }));
    }
    this.problem = problem.message;
    this.show("account");
  }

  showInterval({ releases, reports, withheld, exhausted, problem }: IntervalEnd): void {
    if (!problem) this.problem = undefined;
    if (problem) this.showProblem(problem);
    else if (exhausted.length > 0) this.show("exhausted");
    else if (releases.length + reports.length === 0) this.show("no-data");
    else if (withheld.length > 0) this.show("withheld");
    else this.show(this.shared ? "shared" : undefined);
  }

  /** After one reading, where each is published. */
  showReading(problem: Error | undefined, report: PrivacyReport | undefined): void {
    if (!problem) this.problem = undefined;
    if (problem) this.showProblem(problem);
    else if (report?.budget?.exhausted) this.show("exhausted");
    else if (report) this.show(this.shared ? "shared" : undefined);
  }

  /** @param others masks that see some of the same sensors. */
  showShared(others: readonly string[]): void {
    const names = others.join(", ");
    if (names === this.shared) return;
    this.shared = names;
    if (names === "") {
      if (this.shown === "shared") this.show(undefined);
      return;
    }
    this.node.warn(this.RED._("redoubt-mask.errors.shared", { names }));
    if (this.shown === undefined) this.show("shared");
  }

  private show(condition: Condition | undefined): void {
    if (condition === this.shown) return;
    this.shown = condition;
    if (condition === undefined) {
      this.stage.setState(undefined);
      return;
    }
    this.stage.setState({
      fill: condition === "account" ? "red" : "yellow",
      shape: condition === "withheld" ? "dot" : "ring",
      text: this.RED._(`redoubt-mask.status.${condition}`),
    });
  }
}
