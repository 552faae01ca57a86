import { createHash } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../common/files.js";
import { isIdentifier } from "../common/identifier.js";
import { decodeMonitorState, encodeMonitorState, type MonitorState } from "./monitor-state.js";

/** What a start found. */
export interface LoadedState {
  /** Undefined: the counting starts at zero. */
  state?: MonitorState;
  /** Why an existing file was not used and where it is now; for people. */
  problem?: string;
}

/** The state of one `security-stats` node on disk: `<folder>/security-stats-<node id>.json`, mode 0600. */
export class StateFile {
  readonly path: string;

  /** @param folder `state` of the home. */
  constructor(folder: string, nodeId: string) {
    const name = isIdentifier(nodeId) ? nodeId : createHash("sha256").update(nodeId).digest("hex").slice(0, 32);
    this.path = join(folder, `security-stats-${name}.json`);
  }

  /** Reads the state. A broken file is kept aside as `.broken`, in the place of an earlier one. Never throws. */
  load(): LoadedState {
    try {
      return { state: decodeMonitorState(readFileSync(this.path, "utf8")) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
      return { problem: `${this.path} cannot be used (${(error as Error).message}); ${this.keepAside()}` };
    }
  }

  /** Replaces the file; a crash leaves either the old or the new one. @throws {Error} of the file system. */
  save(state: MonitorState): void {
    writeFileAtomic(this.path, encodeMonitorState(state));
  }

  private keepAside(): string {
    try {
      renameSync(this.path, `${this.path}.broken`);
      return `it is kept as ${this.path}.broken`;
    } catch (error) {
      return `it cannot be kept aside either: ${(error as Error).message}`;
    }
  }
}
