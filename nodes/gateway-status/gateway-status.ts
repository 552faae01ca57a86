import { hostname } from "node:os";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { isIdentifier } from "../../lib/common/identifier.js";
import { GatewayCounters } from "../../lib/status/gateway-counters.js";
import { hostHealth } from "../../lib/status/host-health.js";
import type { DeviceRegistryNode } from "../common/device-registry.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import type { LedgerNode } from "../common/ledger.js";
import { type Readiness, readiness } from "../common/readiness.js";
import { runStage } from "../common/stage.js";
import { answerStatus, type StatusSource, serveStatus } from "./routes.js";

interface GatewayStatusConfig extends NodeDef {
  gatewayId: string;
  ledger?: string;
  registry?: string;
  /** Parts that must be there, separated by commas or blanks. */
  expects?: string;
}

const DEFAULT_PARTS = "gateway-in spool-out";

function gatewayIdOf({ gatewayId }: GatewayStatusConfig): string {
  const name =
    gatewayId ||
    hostname()
      .replaceAll(/[^A-Za-z0-9._-]/g, "-")
      .slice(0, 64);
  if (!isIdentifier(name)) throw new Error("the gateway's name is not 1 to 64 of A-Z a-z 0-9 . _ -");
  return name;
}

function expectedParts({ expects }: GatewayStatusConfig): string[] {
  const parts = (expects ?? DEFAULT_PARTS).split(/[\s,]+/).filter((part) => part !== "");
  if (!parts.every(isIdentifier)) throw new Error("Expects is not a list of names such as gateway-in, spool-out");
  return parts;
}

/** Looked up for each answer: config nodes come and go with deploys. */
class GatewayView implements StatusSource {
  readonly counters = new GatewayCounters();
  private readonly startedAt = performance.now();

  constructor(
    private readonly RED: NodeAPI,
    private readonly config: GatewayStatusConfig,
    private readonly gatewayId: string,
    private readonly expected: readonly string[],
  ) {}

  status() {
    const { spool, rejected, replayRejected } = this.counters;
    const { last_flush_error, ...figures } = spool;
    const registry = this.config.registry ? this.RED.nodes.getNode(this.config.registry) : null;
    const body = {
      status: this.parts().every(({ ready }) => ready) ? "ok" : "degraded",
      gateway_id: this.gatewayId,
      uptime: Math.round((performance.now() - this.startedAt) / 1000),
      registered_devices: (registry as DeviceRegistryNode | null)?.devices?.list().length ?? null,
      ...figures,
      last_flush_error,
      rejected,
      replay_rejected: replayRejected,
      // No node of this version blocks anybody.
      firewall: null,
      ledger: this.ledger().figures,
    };
    return { code: 200, body };
  }

  health() {
    return { code: 200, body: { gateway_id: this.gatewayId, ...hostHealth(nodeHome(this.RED).root) } };
  }

  alive() {
    return { code: 200, body: { status: "ok", uptime: Math.round(process.uptime()) } };
  }

  ready() {
    const parts = this.parts();
    const broken = parts.filter(({ ready }) => !ready).map(({ part }) => part);
    return { code: broken.length === 0 ? 200 : 503, body: { ready: broken.length === 0, broken, parts } };
  }

  private parts(): Readiness[] {
    const known = readiness();
    const missing = this.expected
      .filter((part) => !known.some((one) => one.part === part))
      .map((part) => ({ part, ready: false, reason: "not deployed" }));
    if (!this.config.ledger) return [...known, ...missing];
    const problem = this.ledger().problem ?? this.writeProblem();
    const ledger = {
      part: "ledger",
      ready: problem === undefined,
      ...(problem === undefined ? {} : { reason: problem }),
    };
    return [...known, ...missing, ledger];
  }

  private writeProblem(): string | undefined {
    const node = this.RED.nodes.getNode(this.config.ledger ?? "") as LedgerNode | null;
    // By what it is, not by its text: that names files.
    return node?.writeProblem === undefined ? undefined : "the ledger cannot be written";
  }

  private ledger(): { figures: { height: number; head: string } | null; problem?: string } {
    if (!this.config.ledger) return { figures: null };
    const node = this.RED.nodes.getNode(this.config.ledger) as LedgerNode | null;
    const problem = node ? node.problem : "not deployed";
    if (problem !== undefined || !node?.ledger) return { figures: null, problem: problem ?? "closed" };
    try {
      const { size, rootHash } = node.ledger.checkpoint;
      // Fails where what is on the disk cannot be read any more.
      if (size > 0) node.ledger.entry(size - 1);
      return { figures: { height: size, head: rootHash } };
    } catch {
      return { figures: null, problem: "the ledger cannot be read" };
    }
  }
}

export = (RED: NodeAPI): void => {
  serveStatus(RED);

  RED.nodes.registerType("redoubt-gateway-status", function (this: Node, config: GatewayStatusConfig) {
    RED.nodes.createNode(this, config);
    let view: GatewayView;
    let stop: () => void;
    try {
      view = new GatewayView(RED, config, gatewayIdOf(config), expectedParts(config));
      stop = answerStatus(RED, view);
    } catch (error) {
      failClosed(this, RED._("redoubt-gateway-status.status.settings"), (error as Error).message);
      return;
    }
    runStage(this, (msg) => {
      view.counters.take(msg);
      return undefined;
    });
    this.on("close", () => stop());
  });
};
