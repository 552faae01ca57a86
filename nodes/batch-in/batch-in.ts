import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import type { Rejection } from "../../lib/common/rejection.js";
import { receiveBatch } from "../../lib/spool/batch-receiver.js";
import { BatchStore, type StoredBatch } from "../../lib/spool/batch-store.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { numberSetting } from "../common/number-setting.js";
import { registerReadiness } from "../common/readiness.js";
import { messagesOf } from "./messages.js";
import { readBody, serve } from "./routes.js";
import { type GatewayTokens, gatewayOf, readPath, readTokens } from "./settings.js";

interface BatchInConfig extends NodeDef {
  path: string;
  maxMiB: string | number;
  keepDays: string | number;
  split: boolean;
}

interface BatchInCredentials {
  tokens?: string;
}

type BatchInNode = Node<BatchInCredentials>;

const MIB = 1_048_576;
const MS_PER_DAY = 86_400_000;

/** Serves one path, stores what comes and hands on what is new. */
class Inlet {
  private readonly tokens: GatewayTokens;
  private readonly maxBytes: number;
  private readonly store: BatchStore;
  private readonly releases: (() => void)[] = [];
  private stored = 0;
  private duplicates = 0;
  private problem: string | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: BatchInNode,
    private readonly config: BatchInConfig,
  ) {
    this.tokens = readTokens(node.credentials?.tokens ?? "");
    this.maxBytes = numberSetting("Largest batch", config.maxMiB, 4, 1, 64) * MIB;
    const keepMs = numberSetting("Keep", config.keepDays, 30, 0, 36_500) * MS_PER_DAY;
    const path = readPath(config.path || "/api/batches");
    this.store = new BatchStore(join(nodeHome(RED).state, `batches-${node.id}.db`), { keepMs });
    try {
      this.releases.push(serve(RED, path, (request, response) => void this.receive(request, response)));
    } catch (error) {
      this.store.close();
      throw error;
    }
    this.releases.push(
      registerReadiness(node.id, () => {
        const { problem } = this;
        return {
          part: "batch-in",
          ready: problem === undefined,
          ...(problem === undefined ? {} : { reason: problem }),
        };
      }),
    );
    // Nodes behind this one may be missing until the flows have started.
    const onStarted = () => {
      for (const batch of this.store.waiting()) this.handOn(batch);
    };
    RED.events.on("flows:started", onStarted);
    this.releases.push(() => RED.events.off("flows:started", onStarted));
    this.show();
  }

  close(): void {
    for (const release of this.releases) release();
    this.store.close();
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gateway = gatewayOf(this.tokens, request.headers.authorization);
    if (gateway === undefined) {
      answer(response, 401, { error: "no gateway has this token" });
      return;
    }
    const announced = Number(request.headers["content-length"] ?? 0);
    const body = announced > this.maxBytes ? undefined : await readBody(request, this.maxBytes);
    if (!body) {
      answer(response, 413, { error: `a batch has at most ${this.maxBytes} bytes` });
      return;
    }
    try {
      const reception = receiveBatch(this.store, body, gateway, Date.now(), this.maxBytes);
      this.problem = undefined;
      answer(response, reception.status, reception.answer);
      if (reception.rejection) this.refuse(reception.rejection, { gateway_id: gateway });
      for (const { index, rejection } of reception.refused) {
        this.refuse(rejection, { gateway_id: gateway, batch_id: reception.stored?.batchId, index });
      }
      if (reception.stored) this.handOn(reception.stored);
    } catch (error) {
      this.problem = (error as Error).message;
      this.node.error(`a batch was not stored: ${this.problem}`);
      answer(response, 503, { error: "the batch could not be stored" });
    }
    this.show();
  }

  private handOn(batch: StoredBatch): void {
    this.stored += batch.records.length;
    this.duplicates += batch.duplicates;
    if (batch.records.length > 0) this.node.send([messagesOf(batch, this.config.split === true)]);
    this.store.handedOn(batch);
  }

  private refuse({ code, reason }: Rejection, about: object): void {
    this.node.send([null, { payload: about, rejected: { code, reason } } as NodeMessage]);
  }

  private show(): void {
    const { stored, duplicates, problem } = this;
    if (problem) this.node.status({ fill: "red", shape: "ring", text: problem });
    else {
      const text = this.RED._("redoubt-batch-in.status.counts", { stored, duplicates });
      this.node.status({ fill: "green", shape: "dot", text });
    }
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    // What is left of a body that is not read would be taken for the next request.
    ...(status === 401 || status === 413 ? { connection: "close" } : {}),
  });
  response.end(text);
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType<BatchInNode, BatchInConfig, object, BatchInCredentials>(
    "redoubt-batch-in",
    function (this: BatchInNode, config: BatchInConfig) {
      RED.nodes.createNode(this, config);
      let inlet: Inlet;
      try {
        inlet = new Inlet(RED, this, config);
      } catch (error) {
        failClosed(this, RED._("redoubt-batch-in.status.settings"), (error as Error).message);
        return;
      }
      this.on("close", (done: () => void) => {
        inlet.close();
        done();
      });
    },
    { credentials: { tokens: { type: "password" } } },
  );
};
