import { basename } from "node:path";
import type { Node, NodeAPI, NodeMessage } from "node-red";
import { resolveIn } from "../../lib/common/home.js";
import { Rejection } from "../../lib/common/rejection.js";
import { capturePath } from "../../lib/network/meter/capture-path.js";
import { detectorObservers } from "../../lib/network/meter/detectors.js";
import type { MeterReport, MeterSource } from "../../lib/network/meter/meter-job.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { runStage, type StageMessage } from "../common/stage.js";
import { FileQueue } from "./file-queue.js";
import { FolderWatch } from "./folder-watch.js";
import { LiveControl, type LiveListener } from "./live-control.js";
import { MeterStatus } from "./meter-status.js";
import { type FlowMeterConfig, type FlowMeterSettings, flowMeterSettings } from "./settings.js";

const MOST_BYTES = 64 * 1024 * 1024;

/** Which capture an output is about; `msg.capture`. */
interface CaptureInfo {
  kind: MeterSource["kind"];
  /** The interface, the file's name, or the topic of the message with the bytes. */
  name: string;
}

/** What a report is for the four outputs; nothing where it is none. */
function outputsOf(report: MeterReport, capture: CaptureInfo): (object | object[] | null)[] | undefined {
  switch (report.type) {
    case "flows":
      return [report.flows.map((flow) => ({ capture: { ...capture }, flow }))];
    case "alert":
      return [null, null, { capture: { ...capture }, alert: report.alert }];
    case "counters":
      return [null, null, null, { capture: { ...capture }, network: report.counters }];
    default:
      return undefined;
  }
}

function sourceOf(msg: StageMessage, folder: string): { source: MeterSource; name: string } {
  const { payload } = msg;
  if (Buffer.isBuffer(payload)) {
    if (payload.length > MOST_BYTES)
      throw new Rejection("SIZE", `a capture in a message has at most ${MOST_BYTES} bytes`);
    return { source: { kind: "bytes", bytes: payload }, name: typeof msg.topic === "string" ? msg.topic : "" };
  }
  if (typeof payload === "string" && payload !== "") {
    const path = capturePath(folder, payload);
    return { source: { kind: "file", path }, name: basename(path) };
  }
  throw new Rejection("FORMAT", 'payload is a capture file\'s path or its bytes, or live is "start" or "stop"');
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-flow-meter", function (this: Node, config: FlowMeterConfig) {
    RED.nodes.createNode(this, config);
    let settings: FlowMeterSettings;
    try {
      settings = flowMeterSettings(config);
      // Made once here so that a wrong setting is told at deploy, not by the thread.
      for (const make of detectorObservers(settings.detectors)) make(() => {});
    } catch (error) {
      const reason = error instanceof Rejection ? error.reason : (error as Error).message;
      failClosed(
        this,
        RED._("redoubt-flow-meter.status.settings"),
        RED._("redoubt-flow-meter.errors.settings", { reason }),
      );
      return;
    }
    const { live, flows, detectors, flowsPerSecond } = settings;
    const folder = resolveIn(nodeHome(RED).root, settings.folder);
    const job = (source: MeterSource) => ({ source, flows, detectors, flowsPerSecond });
    const emit = (report: MeterReport, capture: CaptureInfo) => {
      const outputs = outputsOf(report, capture);
      if (outputs) this.send(outputs as (NodeMessage | NodeMessage[] | null)[]);
    };

    const show = (text: string) => stage.setState({ fill: "grey", shape: "ring", text: RED._(text) });
    let isLive = live !== undefined && settings.autostart;

    const files = new FileQueue();
    const meter = async ({ source, name }: ReturnType<typeof sourceOf>): Promise<undefined> => {
      const capture: CaptureInfo = { kind: source.kind, name };
      const status = new MeterStatus(RED, name, "blue");
      await files.meter(job(source), (report) => {
        emit(report, capture);
        if (report.type === "counters" && !isLive) stage.setState(status.counted(report.counters));
      });
      if (!isLive) show("redoubt-flow-meter.status.ready");
    };

    const meterFile = (msg: StageMessage) => meter(sourceOf(msg, folder));
    const watched = async (name: string): Promise<void> => {
      const msg = { payload: name } as StageMessage;
      try {
        await meterFile(msg);
      } catch (error) {
        if (!(error instanceof Rejection)) return this.error(error);
        this.send([null, { ...msg, rejected: { code: error.code, reason: error.reason } } as NodeMessage]);
      }
    };
    const watch = settings.watch ? new FolderWatch(folder, watched) : undefined;

    const liveListener = (name: string): LiveListener => {
      const capture: CaptureInfo = { kind: "live", name };
      const status = new MeterStatus(RED, name, "green");
      let problem = "";
      const lost = (reason: string, retryMs: number) => {
        stage.setState(status.lost(reason, retryMs));
        if (reason !== problem) this.error(RED._("redoubt-flow-meter.errors.lost", { name, reason }));
        problem = reason;
      };
      return {
        report(report) {
          emit(report, capture);
          if (report.type === "capturing") problem = "";
          else if (report.type === "lost") lost(report.reason, report.retryMs);
          else if (report.type === "counters" && problem === "") stage.setState(status.counted(report.counters));
        },
        died: (error, restartMs) => lost(error.message, restartMs),
      };
    };
    const control = live && new LiveControl(job({ kind: "live", live }), liveListener(live.interface));
    const switchLive = async (to: unknown): Promise<undefined> => {
      if (!control) throw new Rejection("FORMAT", "this node has no interface to capture on");
      if (to === "start") {
        isLive = true;
        control.start();
      } else if (to === "stop") {
        await control.stop();
        isLive = false;
        show("redoubt-flow-meter.status.stopped");
      } else {
        throw new Rejection("FORMAT", 'live is "start" or "stop"');
      }
    };

    const stage = runStage(this, (msg) => {
      const to = (msg as { live?: unknown }).live;
      return to === undefined ? meterFile(msg) : switchLive(to);
    });
    show("redoubt-flow-meter.status.ready");
    if (isLive) control?.start();

    this.on("close", (done: () => void) => {
      watch?.stop();
      void Promise.allSettled([files.close(), control?.stop()]).then(() => done());
    });
  });
};
