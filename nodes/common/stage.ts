import type { Node, NodeMessageInFlow, NodeStatus } from "node-red";
import { Closed } from "../../lib/common/closed.js";
import type { AnomalyVerdict, DeviceInfo, RejectionInfo } from "../../lib/common/message.js";
import type { FlowClass, FlowRecord, NetworkAlert } from "../../lib/common/network.js";
import { Rejection, type RejectionCode } from "../../lib/common/rejection.js";
import type { ReceptionInfo, SecurityVerdict, TrafficFeatures } from "../../lib/common/security.js";
import { intakeOf } from "./intake.js";

/** A message on its way through the palette's nodes. */
export interface StageMessage extends NodeMessageInFlow {
  device?: DeviceInfo;
  anomaly?: AnomalyVerdict;
  privacy?: unknown;
  rejected?: RejectionInfo;
  received?: ReceptionInfo;
  traffic?: TrafficFeatures;
  verdict?: SecurityVerdict;
  flow?: FlowRecord;
  ids?: FlowClass;
  alert?: NetworkAlert;
}

/** What a stage sends: one message for the first output, or one entry per output; nothing keeps the message. */
export type StageResult = StageMessage | (StageMessage | StageMessage[] | null)[] | undefined;

export interface StageHandle {
  /** Replaces the status until the next one; `undefined` goes back to the counters. */
  setState(state: NodeStatus | undefined): void;
  /** Properties that go along with each status from now on: Status nodes pass them on, the editor ignores them. */
  attach(properties: Readonly<Record<string, unknown>>): void;
  readonly accepted: number;
  readonly rejected: ReadonlyMap<RejectionCode, number>;
}

const STATUS_PERIOD_MS = 1000;

function short(count: number): string {
  if (count < 10_000) return String(count);
  return count < 1e7 ? `${Math.floor(count / 1000)}k` : `${Math.floor(count / 1e6)}M`;
}

/**
 * Runs a node's `process` for each input and does what every node of the palette owes its user:
 * a {@link Rejection} leaves on the second output as `msg.rejected`, counted and shown; any other error goes to
 * `done(error)`, so that a Catch node sees it; the status shows counts, refreshed at most once a second. A message out of
 * a journal that comes while the flow ends is neither done nor an error: it stays in the journal and comes again.
 *
 * @param process may return a promise; the message is done when it settles, and sent only then.
 * @param note what the status says after the counts, asked whenever it is shown; nothing where empty.
 */
export function runStage(
  node: Node,
  process: (msg: StageMessage) => StageResult | Promise<StageResult>,
  note: () => string = () => "",
): StageHandle {
  let accepted = 0;
  const rejected = new Map<RejectionCode, number>();
  let rejectedTotal = 0;
  let lastCode: RejectionCode | undefined;
  let state: NodeStatus | undefined;
  let attached: Readonly<Record<string, unknown>> = {};
  let timer: NodeJS.Timeout | undefined;

  const status = (shown: NodeStatus) => node.status({ ...shown, ...attached });
  const show = () => {
    timer = undefined;
    if (state) {
      status(state);
      return;
    }
    const counts = lastCode ? `${short(accepted)} ok, ${short(rejectedTotal)} ${lastCode}` : `${short(accepted)} ok`;
    const more = note();
    status({ fill: lastCode ? "yellow" : "green", shape: "dot", text: more ? `${counts}, ${more}` : counts });
  };
  const refresh = () => {
    if (timer) return;
    timer = setTimeout(show, STATUS_PERIOD_MS);
    timer.unref();
  };

  node.on("input", (message, send, done) => {
    const msg = message as StageMessage;
    const pass = (result: StageResult) => {
      accepted++;
      refresh();
      if (result !== undefined) send(result);
      done();
    };
    const refuse = (error: unknown) => {
      if (error instanceof Closed && intakeOf(msg)) return;
      if (!(error instanceof Rejection)) {
        done(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      rejected.set(error.code, (rejected.get(error.code) ?? 0) + 1);
      rejectedTotal++;
      lastCode = error.code;
      refresh();
      msg.rejected = { code: error.code, reason: error.reason };
      send([null, msg]);
      done();
    };
    try {
      const result = process(msg);
      if (result instanceof Promise) result.then(pass).catch(refuse);
      else pass(result);
    } catch (error) {
      refuse(error);
    }
  });
  node.on("close", () => {
    clearTimeout(timer);
    timer = undefined;
  });

  return {
    setState(next) {
      state = next;
      if (next) status(next);
      else refresh();
    },
    attach(properties) {
      attached = properties;
    },
    get accepted() {
      return accepted;
    },
    rejected,
  };
}
