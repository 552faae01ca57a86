import { join } from "node:path";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { AUDIT_FORMATS, AuditTrail, DEFAULT_AUDIT_BYTES, DEFAULT_AUDIT_FILES } from "../../lib/audit/audit-trail.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { readVerdict } from "../../lib/common/read-verdict.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { numberSetting } from "../common/number-setting.js";
import { runStage, type StageHandle } from "../common/stage.js";

interface AuditTrailConfig extends NodeDef {
  /** Name of the files without their extension. */
  file: string;
  format: "both" | "jsonl" | "csv";
  /** MiB of one file. */
  maxSize: string | number;
  maxFiles: string | number;
}

const MIB = 1_048_576;

/** Files that a node of this Node-RED writes: two writers would rotate each other's lines away. */
const inUse = new Set<string>();

interface Destination {
  folder: string;
  name: string;
  path: string;
  formats: typeof AUDIT_FORMATS;
  maxBytes: number;
  maxFiles: number;
}

function destinationOf(RED: NodeAPI, config: AuditTrailConfig): Destination {
  const name = config.file || "security";
  if (!isIdentifier(name) || name.startsWith(".")) throw new Error("File may hold A-Z a-z 0-9 . _ - only");
  const folder = join(nodeHome(RED).root, "audit");
  const path = join(folder, name);
  if (inUse.has(path)) throw new Error(`another audit-trail node writes to ${name}: give this one another file`);
  return {
    folder,
    name,
    path,
    formats: AUDIT_FORMATS.filter((format) => (config.format || "both") === "both" || config.format === format),
    maxBytes: numberSetting("Size", config.maxSize, DEFAULT_AUDIT_BYTES / MIB, 0.0625, 4096) * MIB,
    maxFiles: numberSetting("Files", config.maxFiles, DEFAULT_AUDIT_FILES, 1, 10_000),
  };
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-audit-trail", function (this: Node, config: AuditTrailConfig) {
    RED.nodes.createNode(this, config);
    const text = (key: string, values?: Record<string, string | number>) => RED._(`redoubt-audit-trail.${key}`, values);
    let destination: Destination;
    try {
      destination = destinationOf(RED, config);
    } catch (error) {
      failClosed(this, text("status.settings"), (error as Error).message);
      return;
    }
    const { path, ...options } = destination;
    inUse.add(path);

    let problem: string | undefined;
    let lostBefore = 0;
    const trail = new AuditTrail({
      ...options,
      onFailure: (error) => {
        const reason = (error as NodeJS.ErrnoException).code ?? error.message;
        if (problem === undefined) {
          lostBefore = trail.lost;
          this.error(text("errors.disk", { reason: error.message }));
        }
        problem = reason;
        const lost = trail.lost - lostBefore;
        stage.setState({ fill: "red", shape: "ring", text: text("status.disk", { reason, lost }) });
      },
      onRecovery: () => {
        problem = undefined;
        stage.setState(undefined);
        this.warn(text("errors.recovered", { lost: trail.lost - lostBefore }));
      },
    });
    this.on("close", (done: () => void) => {
      const lost = trail.lost;
      trail.close().finally(() => {
        inUse.delete(path);
        if (trail.lost > lost) this.error(text("errors.closed", { lost: trail.lost - lost }));
        done();
      });
    });

    const stage: StageHandle = runStage(this, (msg) => {
      trail.write(readVerdict(msg.verdict));
      return msg;
    });
    // Repairs and creates the files now, so that a folder that cannot be written shows at deploy.
    trail.start().then(() => {
      if (trail.cutBytes > 0) this.warn(text("errors.cut", { bytes: trail.cutBytes }));
    });
  });
};
