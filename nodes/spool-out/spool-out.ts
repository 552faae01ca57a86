import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Node, NodeAPI, NodeMessage } from "node-red";
import { Closed } from "../../lib/common/closed.js";
import { Rejection } from "../../lib/common/rejection.js";
import { outboundRecord } from "../../lib/spool/outbound-record.js";
import { type BatchReceipt, receiptEvidence } from "../../lib/spool/receipt.js";
import { SpoolFull } from "../../lib/spool/segment-log.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { finishIntake, intakeOf } from "../common/intake.js";
import { registerReadiness } from "../common/readiness.js";
import { runStage, type StageHandle, type StageMessage } from "../common/stage.js";
import { type SpoolOutConfig, type SpoolOutCredentials, type SpoolOutSettings, spoolOutSettings } from "./settings.js";
import { SpoolRunner, type SpoolSnapshot } from "./spool.js";

type SpoolOutNode = Node<SpoolOutCredentials>;

const SNAPSHOT_EVERY_MS = 2000;
const RETRY_MS = 1000;

function fresh(properties: object): NodeMessage {
  return properties as NodeMessage;
}

/** A node's spool and what it says about it. */
class Outlet {
  private readonly started: Promise<SpoolRunner>;
  private readonly timer: NodeJS.Timeout;
  private readonly unregister: () => void;
  private readonly closing = new AbortController();
  private stage: StageHandle | undefined;
  private problem: string | undefined;
  private sent = "";

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: SpoolOutNode,
    settings: SpoolOutSettings,
  ) {
    // As many wait for room as the gateway takes over at most.
    setMaxListeners(0, this.closing.signal);
    this.started = SpoolRunner.start(settings, {
      onDelivered: (receipt) => node.send([fresh({ payload: receipt, evidence: receiptEvidence(receipt) })]),
      onRefused: (receipt, error) => this.refused(receipt, error),
      onDrop: (records) => this.dropped(records),
      onAttempt: () => {},
    });
    this.started.then(
      ({ recovery: { damagedBytes, lostRecords } }) => {
        if (damagedBytes === 0 && lostRecords === 0) return;
        node.warn(`the spool was damaged: ${damagedBytes} bytes and ${lostRecords} records or more are lost`);
      },
      (error: Error) => {
        this.problem = error.message;
        node.error(`the spool cannot be opened: ${error.message}`);
      },
    );
    this.timer = setInterval(() => void this.tell(), SNAPSHOT_EVERY_MS);
    this.timer.unref();
    this.unregister = registerReadiness(node.id, () => {
      const { problem } = this;
      return { part: "spool-out", ready: problem === undefined, ...(problem === undefined ? {} : { reason: problem }) };
    });
  }

  /** Puts a message into the spool; from then on it is the spool's, and its intake record is finished. */
  run(): void {
    this.stage = runStage(this.node, async (msg) => {
      const runner = await this.started;
      await this.put(runner, this.recordOf(msg), intakeOf(msg) !== undefined);
      finishIntake(msg);
      return undefined;
    });
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.closing.abort();
    this.unregister();
    const runner = await this.started.catch(() => undefined);
    await runner?.close();
  }

  private recordOf(msg: StageMessage): Buffer {
    const { payload, device, anomaly, verdict } = msg;
    const intake = intakeOf(msg);
    try {
      return outboundRecord({
        payload,
        ...(device && { device }),
        ...(anomaly && { anomaly }),
        ...(verdict && { verdict }),
        ...(intake && { intake }),
      });
    } catch (error) {
      // Sent again it would be refused again.
      if (error instanceof Rejection) finishIntake(msg);
      throw error;
    }
  }

  /**
   * A record that came through a gateway-in waits until there is room: the gateway holds it, and takes no more than
   * its limit. Others are refused at once.
   */
  private async put(runner: SpoolRunner, record: Buffer, isHeld: boolean): Promise<void> {
    for (;;) {
      try {
        await runner.add(record);
        this.problem = undefined;
        return;
      } catch (error) {
        if (error instanceof Closed || this.closing.signal.aborted) throw new Closed("the spool is closed");
        this.problem = error instanceof SpoolFull ? "the spool is full" : `the spool: ${(error as Error).message}`;
        if (!isHeld) throw error;
        // The end of the wait is found out by the next try.
        await sleep(RETRY_MS, undefined, { signal: this.closing.signal, ref: false }).catch(() => {});
      }
    }
  }

  private refused(receipt: BatchReceipt, error: string): void {
    this.node.warn(`${error}: batch ${receipt.batch_id} is kept in the dead letters`);
    const rejected = { code: "SCHEMA", reason: `${error}: the batch is kept in the dead letters` };
    this.node.send([null, fresh({ payload: receipt, rejected })]);
  }

  private dropped(records: number): void {
    this.node.warn(`the spool is full: its ${records} oldest records were dropped`);
    const rejected = { code: "RATE", reason: "the spool was full: its oldest records were dropped" };
    this.node.send([null, fresh({ payload: { dropped: records }, rejected })]);
  }

  /** Sends a snapshot where anything but an age has changed. */
  private async tell(): Promise<void> {
    const runner = await this.started.catch(() => undefined);
    if (!runner) return;
    try {
      const snapshot = await runner.snapshot(Date.now());
      this.show(snapshot);
      const text = JSON.stringify({ ...snapshot, oldest_age_s: Math.floor((snapshot.oldest_age_s ?? 0) / 10) });
      if (text === this.sent) return;
      this.sent = text;
      this.node.send([null, null, fresh({ payload: snapshot, topic: "spool" })]);
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }

  private show({ buffer_size, last_flush_error, delivered_total }: SpoolSnapshot): void {
    const text = this.RED._("redoubt-spool-out.status.counts", { waiting: buffer_size, delivered: delivered_total });
    if (this.problem) this.stage?.setState({ fill: "red", shape: "ring", text: this.problem });
    else if (last_flush_error) this.stage?.setState({ fill: "yellow", shape: "ring", text: last_flush_error });
    else this.stage?.setState({ fill: "green", shape: "dot", text });
  }
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType<SpoolOutNode, SpoolOutConfig, object, SpoolOutCredentials>(
    "redoubt-spool-out",
    function (this: SpoolOutNode, config: SpoolOutConfig) {
      RED.nodes.createNode(this, config);
      let outlet: Outlet;
      try {
        const credentials = () => (RED.nodes.getCredentials(this.id) as SpoolOutCredentials | undefined) ?? {};
        outlet = new Outlet(
          RED,
          this,
          spoolOutSettings(config, () => credentials().token ?? "", nodeHome(RED)),
        );
      } catch (error) {
        failClosed(this, RED._("redoubt-spool-out.status.settings"), (error as Error).message);
        return;
      }
      outlet.run();
      this.on("close", (done: (error?: Error) => void) => {
        outlet.close().then(() => done(), done);
      });
    },
    { credentials: { token: { type: "password" } } },
  );
};
