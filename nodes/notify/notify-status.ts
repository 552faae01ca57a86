import type { Node, NodeAPI, NodeStatus } from "node-red";
import type { Clock } from "../../lib/notify/clock.js";
import type { Notifier, NotifierState } from "../../lib/notify/notifier.js";
import type { StageHandle } from "../common/stage.js";

const PERIOD_MS = 2000;
/** An editor shows no more of a status. */
const LONGEST_ERROR = 60;

/** Shows how deliveries go, and passes the figures on when they have changed: at most every two seconds. */
export class NotifyStatus {
  private problem: string | undefined;
  private sent = "";
  private warned: string | null = null;
  private cancel: () => void = () => {};

  constructor(
    private readonly node: Node,
    private readonly RED: NodeAPI,
    private readonly stage: StageHandle,
    private readonly notifier: Notifier,
    private readonly clock: Clock,
    private readonly send: (state: NotifierState) => void,
  ) {
    this.stage.setState(this.statusOf(this.notifier.state));
    this.wait();
  }

  /** Something is missing that the channel needs: one error, and a red ring until the first delivery. */
  showProblem(problem: string): void {
    this.problem = problem;
    this.node.error(problem);
    this.stage.setState(this.statusOf(this.notifier.state));
  }

  stop(): void {
    this.cancel();
  }

  private wait(): void {
    this.cancel = this.clock.after(PERIOD_MS, () => {
      this.refresh();
      this.wait();
    });
  }

  private refresh(): void {
    const { state } = this.notifier;
    const text = JSON.stringify(state);
    if (text === this.sent) return;
    this.sent = text;
    if (state.delivered > 0) this.problem = undefined;
    // The first time only: while a server is away every attempt fails alike.
    if (state.lastError !== null && state.lastError !== this.warned) this.node.warn(state.lastError);
    this.warned = state.lastError;
    this.stage.setState(this.statusOf(state));
    this.send(state);
  }

  private statusOf({ queued, delivered, failed, lastError }: NotifierState): NodeStatus {
    const text = (key: string) => this.RED._(`redoubt-notify.status.${key}`, { queued, delivered, failed });
    if (this.problem) return { fill: "red", shape: "ring", text: this.problem.slice(0, LONGEST_ERROR) };
    if (lastError !== null) {
      return { fill: "yellow", shape: "ring", text: `${text("queued")}: ${lastError.slice(0, LONGEST_ERROR)}` };
    }
    if (queued > 0) return { fill: "blue", shape: "dot", text: text("queued") };
    if (failed > 0) return { fill: "yellow", shape: "dot", text: text("failed") };
    return { fill: "green", shape: "dot", text: text("delivered") };
  }
}
