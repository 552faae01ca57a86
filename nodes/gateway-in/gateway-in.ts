import { join } from "node:path";
import type { Node, NodeAPI, NodeMessage } from "node-red";
import { Absences } from "../../lib/spool/absences.js";
import { IntakeJournal, type IntakeRecord } from "../../lib/spool/intake-journal.js";
import { MqttIntake } from "../../lib/spool/mqtt-intake.js";
import { PacedQueue } from "../../lib/spool/paced-queue.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { registerIntake } from "../common/intake.js";
import { registerReadiness } from "../common/readiness.js";
import {
  type GatewayInConfig,
  type GatewayInCredentials,
  type GatewayInSettings,
  gatewayInSettings,
} from "./settings.js";

type GatewayInNode = Node<GatewayInCredentials>;

const STATUS_EVERY_MS = 1000;
const SAVE_EVERY_MS = 5000;

/** Takes messages over from a broker into a journal, and sends them; from the deploy to the close of one node. */
class Gateway {
  private journal: IntakeJournal | undefined;
  private intake: MqttIntake | undefined;
  private absences: Absences | undefined;
  private readonly releases: (() => void)[] = [];
  private readonly timer: NodeJS.Timeout;
  private readonly outgoing = new PacedQueue<IntakeRecord>((record) => this.send(record));
  private isClosed = false;
  private problem: string | undefined = "starting";
  private sending: Promise<void> = Promise.resolve();
  private told: string | undefined;
  private toldReason: string | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: GatewayInNode,
    private readonly settings: GatewayInSettings,
  ) {
    this.timer = setInterval(() => this.show(), STATUS_EVERY_MS);
    this.timer.unref();
    const saving = setInterval(() => void this.absences?.save(), SAVE_EVERY_MS);
    saving.unref();
    this.releases.push(() => clearInterval(saving));
    this.releases.push(registerReadiness(node.id, () => this.readiness()));
    const opened = this.open();
    // Nodes may be missing until the flows have started; and a deploy loses what was on its way between them.
    const onStarted = () => {
      this.sending = this.sending.then(() => opened).then(() => this.begin());
    };
    RED.events.on("flows:started", onStarted);
    this.releases.push(() => RED.events.off("flows:started", onStarted));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.outgoing.clear();
    clearInterval(this.timer);
    for (const release of this.releases) release();
    await this.intake?.close();
    await this.sending;
    await this.absences?.save();
    await this.journal?.close();
  }

  private async open(): Promise<void> {
    try {
      const folder = join(nodeHome(this.RED).state, `intake-${this.node.id}`);
      this.journal = await IntakeJournal.open({ folder, maxBytes: this.settings.maxSpoolBytes });
      this.absences = new Absences(join(folder, "absences.json"));
      this.releases.push(registerIntake(this.journal));
      const { damagedBytes, lostRecords } = this.journal.recovery;
      if (damagedBytes > 0 || lostRecords > 0) {
        this.node.warn(`the journal was damaged: ${damagedBytes} bytes and ${lostRecords} records or more are lost`);
      }
    } catch (error) {
      this.problem = `the journal cannot be opened: ${(error as Error).message}`;
      this.node.error(this.problem);
    }
    if (this.isClosed) for (const release of this.releases) release();
  }

  /** Sends what is unfinished, then listens to the broker; the latter once. */
  private async begin(): Promise<void> {
    const { journal } = this;
    if (!journal || this.isClosed) return;
    // They come again, with the others that are unfinished.
    this.outgoing.clear();
    try {
      for await (const record of journal.unfinishedRecords()) {
        if (this.isClosed) return;
        this.outgoing.add(record);
      }
    } catch (error) {
      this.node.error(`the journal cannot be read: ${(error as Error).message}`);
    }
    if (this.intake || this.isClosed) return;
    this.problem = undefined;
    this.intake = new MqttIntake({
      ...this.settings,
      journal,
      onRecord: (record) => this.outgoing.add(record),
      onOversize: (topic, size) => this.refuse(topic, size),
      onChange: () => this.showTrouble(),
      onHeard: (sign) => this.heard(sign),
    });
  }

  private heard(sign: "packet" | "again"): void {
    if (sign === "again") this.absences?.connected(Date.now());
    else this.absences?.heard(Date.now());
  }

  private send({ n, at, topic, bytes }: IntakeRecord): void {
    const journal = (this.journal as IntakeJournal).id;
    const away = this.absences?.before(at);
    const intake = { journal, n, at, ...(away && { away: { ...away } }) };
    this.node.send({ topic, payload: bytes, intake } as NodeMessage);
  }

  private refuse(topic: string, size: number): void {
    const reason = `${size} bytes exceed the limit of ${this.settings.maxPayloadBytes}`;
    this.node.send([null, { topic, payload: null, rejected: { code: "SIZE", reason } } as NodeMessage]);
  }

  private readiness() {
    const reason = this.problem ?? this.intake?.problem;
    return { part: "gateway-in", ready: reason === undefined, ...(reason === undefined ? {} : { reason }) };
  }

  /** Per message only what has changed for the worse or the better is told; counts wait for the timer. */
  private showTrouble(): void {
    const { reason } = this.readiness();
    if (reason === this.toldReason) return;
    this.show();
  }

  private show(): void {
    if (this.isClosed) return;
    const { reason } = this.readiness();
    const unfinished = this.journal?.unfinished ?? 0;
    const text = reason ?? this.RED._("redoubt-gateway-in.status.open", { count: unfinished });
    if (text === this.told) return;
    this.told = text;
    this.toldReason = reason;
    if (reason === undefined) this.node.status({ fill: "green", shape: "dot", text });
    else this.node.status({ fill: "red", shape: "ring", text });
  }
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType<GatewayInNode, GatewayInConfig, object, GatewayInCredentials>(
    "redoubt-gateway-in",
    function (this: GatewayInNode, config: GatewayInConfig) {
      RED.nodes.createNode(this, config);
      let gateway: Gateway;
      try {
        gateway = new Gateway(RED, this, gatewayInSettings(config, this.credentials ?? {}, nodeHome(RED).keys));
      } catch (error) {
        failClosed(this, RED._("redoubt-gateway-in.status.settings"), (error as Error).message);
        return;
      }
      this.on("close", (done: (error?: Error) => void) => {
        gateway.close().then(() => done(), done);
      });
    },
    { credentials: { username: { type: "text" }, password: { type: "password" } } },
  );
};
