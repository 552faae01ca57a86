import { createHash } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../common/files.js";
import { isIdentifier } from "../common/identifier.js";
import { decodeMonitorState, encodeMonitorState, type MonitorState } from "./monitor-state.js";
import { decodeNetworkState, encodeNetworkState, type NetworkState } from "./network/network-state.js";

/** What a start found. */
export interface LoadedState<State> {
  /** Undefined: the counting starts at zero. */
  state?: State;
  /** Why an existing file was not used and where it is now; for people. */
  problem?: string;
}

/** How a state is written and read; reading throws for what is none. */
interface StateCodec<State> {
  encode(state: State): string;
  decode(text: string): State;
}

/** The state of one node on disk: `<folder>/<node type>-<node id>.json`, mode 0600. */
class NodeStateFile<State> {
  readonly path: string;

  constructor(
    folder: string,
    type: string,
    nodeId: string,
    private readonly codec: StateCodec<State>,
  ) {
    const name = isIdentifier(nodeId) ? nodeId : createHash("sha256").update(nodeId).digest("hex").slice(0, 32);
    this.path = join(folder, `${type}-${name}.json`);
  }

  /** Reads the state. A broken file is kept aside as `.broken`, in the place of an earlier one. Never throws. */
  load(): LoadedState<State> {
    try {
      return { state: this.codec.decode(readFileSync(this.path, "utf8")) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
      return { problem: `${this.path} cannot be used (${(error as Error).message}); ${this.keepAside()}` };
    }
  }

  /** Replaces the file; a crash leaves either the old or the new one. @throws {Error} of the file system. */
  save(state: State): void {
    writeFileAtomic(this.path, this.codec.encode(state));
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

/** The state of one `security-stats` node. */
export class StateFile extends NodeStateFile<MonitorState> {
  /** @param folder `state` of the home. */
  constructor(folder: string, nodeId: string) {
    super(folder, "security-stats", nodeId, { encode: encodeMonitorState, decode: decodeMonitorState });
  }
}

/** The state of one `network-stats` node. */
export class NetworkStateFile extends NodeStateFile<NetworkState> {
  /** @param folder `state` of the home. */
  constructor(folder: string, nodeId: string) {
    super(folder, "network-stats", nodeId, { encode: encodeNetworkState, decode: decodeNetworkState });
  }
}
