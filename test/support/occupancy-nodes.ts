// A Node-RED with the occupancy nodes in it, for tests of them.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeInitializer, NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import { createKeyFile } from "../../lib/envelope/key-file.js";
import type { StoreSettings } from "../../lib/occupancy/store/open-driver.js";
import keyringNode from "../../nodes/keyring/keyring.js";
import ledgerConfigNode from "../../nodes/ledger-config/ledger-config.js";
import occupancyQueryNode from "../../nodes/occupancy-query/occupancy-query.js";
import occupancyStoreNode from "../../nodes/occupancy-store/occupancy-store.js";
import storeNode from "../../nodes/store/store.js";
import { macOf, OCTOBER } from "./occupancy.js";

const OUTPUTS = ["stored", "unread", "answered", "refused"] as const;
export type Output = (typeof OUTPUTS)[number];
export type Sent = NodeMessage & Record<string, unknown> & { rejected?: { code: string; reason: string } };

export const PERIOD = { from: OCTOBER - 3600, to: OCTOBER + 3 * 3600 };

/** Some devices at an access point, one after the other. */
export function sessions(ap: string, count: number, first = 0) {
  return Array.from({ length: count }, (_, i) => ({ mac: macOf(first + i), ap, start: OCTOBER + i, duration: 600 }));
}

export interface FlowSettings {
  database?: Record<string, unknown>;
  store?: Record<string, unknown>;
  query?: Record<string, unknown>;
  ledger?: Record<string, unknown>;
  /** Further nodes. */
  more?: { id: string; type: string }[];
  password?: string;
  /** What the further nodes are made by. */
  types?: NodeInitializer[];
}

/** How the config node is told of a database. */
export function databaseOf(settings: StoreSettings): { database: Record<string, unknown>; password?: string } {
  if (settings.kind === "sqlite") return { database: { kind: "sqlite", path: settings.path } };
  const { password, ...where } = settings;
  return { database: { ...where, port: String(where.port) }, ...(password === undefined ? {} : { password }) };
}

/** The flow `occupancy-store` and `occupancy-query` on one database, with helpers on all outputs. */
export class OccupancyFlow {
  readonly home = mkdtempSync(join(tmpdir(), "redoubt-occupancy-node-"));
  received: Record<Output, Sent[]> = { stored: [], unread: [], answered: [], refused: [] };
  private readonly savedHome = process.env.REDOUBT_HOME;

  constructor() {
    process.env.REDOUBT_HOME = this.home;
    mkdirSync(join(this.home, "keys"), { mode: 0o700 });
    createKeyFile(join(this.home, "keys", "occupancy.key"), "aes-256");
  }

  async load({ database, store, query, ledger, more = [], types = [], password }: FlowSettings = {}): Promise<void> {
    this.received = { stored: [], unread: [], answered: [], refused: [] };
    const flow = { z: "flow", store: "database" };
    await helper.load(
      [keyringNode, ledgerConfigNode, storeNode, occupancyStoreNode, occupancyQueryNode, ...types],
      [
        { id: "flow", type: "tab" },
        { id: "database", type: "redoubt-store", ...database },
        ...(ledger
          ? [{ id: "ledger", type: "redoubt-ledger-config", origin: "redoubt.test/o", groupMs: 1, ...ledger }]
          : []),
        ...more,
        { id: "query", type: "redoubt-occupancy-query", ...flow, wires: [["answered"], ["refused"]], ...query },
        { id: "store", type: "redoubt-occupancy-store", ...flow, wires: [["stored"], ["unread"]], ...store },
        ...OUTPUTS.map((id) => ({ id, z: "flow", type: "helper" })),
      ],
      password === undefined ? {} : { database: { password } },
    );
    for (const name of OUTPUTS) helper.getNode(name).on("input", (msg) => this.received[name].push(msg as Sent));
  }

  /** Sends a message. */
  post(node: "store" | "query", message: Record<string, unknown>): void {
    helper.getNode(node).receive(message as NodeMessage);
  }

  /** Sends a message and waits for what one of the node's outputs sends. */
  async send(node: "store" | "query", message: Record<string, unknown>): Promise<Sent> {
    const outputs = node === "store" ? (["stored", "unread"] as const) : (["answered", "refused"] as const);
    const count = () => outputs.reduce((sum, name) => sum + this.received[name].length, 0);
    const before = outputs.map((name) => this.received[name].length);
    const total = count();
    this.post(node, message);
    await until(() => count() > total);
    const name = outputs.find((output, i) => this.received[output].length > (before[i] as number)) as Output;
    return this.received[name].at(-1) as Sent;
  }

  /** The answer to a question; fails for one that is refused. */
  async ask<Answer>(payload: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Answer> {
    const sent = await this.send("query", { payload, ...more });
    if (sent.rejected) throw new Error(`${sent.rejected.code}: ${sent.rejected.reason}`);
    return (sent.payload as { answer: Answer }).answer;
  }

  /** What goes along with the status of `occupancy-store`; its texts are not translated here. */
  get state(): { stored: number; waiting: number; refused: number; database: string } | undefined {
    return this.statusOf("store")?.occupancy as never;
  }

  statusOf(node: "store" | "query"): Record<string, unknown> | undefined {
    const own = helper.getNode(node);
    const { thisValues, args } = own.status as unknown as { thisValues: unknown[]; args: [Record<string, unknown>][] };
    return args[thisValues.lastIndexOf(own)]?.[0];
  }

  /** Waits until the database has so many sessions and nothing waits. */
  async written(count: number): Promise<void> {
    await until(() => this.state?.stored === count && this.state.waiting === 0, `writing ${count} sessions`);
  }

  async close(): Promise<void> {
    await helper.unload();
    if (this.savedHome === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = this.savedHome;
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** A database that was away is tried again after 30 s at the latest, and a slow machine takes long to start one. */
const PATIENCE_MS = 100_000;

/** Waits until something is so; how long it takes does not matter. */
export async function until(fits: () => boolean | Promise<boolean>, what = "it"): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    if (await fits()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${what} did not happen`);
}
