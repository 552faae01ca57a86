import type { DeviceDetail, SecuritySnapshot } from "../../lib/common/security-snapshot.js";
import { publicSnapshot } from "../../lib/monitor/security-monitor.js";
import type { StageMessage } from "../common/stage.js";
import type { Selection, StatsMessage } from "./input.js";

/** Builds what leaves the node; names and readings are marked for operators where the setting says so. */
export class StatsOutputs {
  private readonly audience: { audience?: "operator" };

  constructor(operatorsOnly: boolean) {
    this.audience = operatorsOnly ? { audience: "operator" } : {};
  }

  /** Output 1 all of it, output 4 the counters. */
  snapshot(snapshot: SecuritySnapshot): (StageMessage | null)[] {
    return [
      this.message({ payload: snapshot, ...this.audience }),
      null,
      null,
      this.message({ payload: publicSnapshot(snapshot) }),
    ];
  }

  /** Output 3, for the browser that asked: nothing but the answer, the question and who asked. */
  detail(detail: DeviceDetail | undefined, selection: Selection, asked: StatsMessage): (StageMessage | null)[] {
    const client = asked._client === undefined ? {} : { _client: asked._client };
    return [null, null, this.message({ payload: detail ?? null, select: selection, ...client, ...this.audience })];
  }

  private message(properties: { payload: unknown; [property: string]: unknown }): StageMessage {
    return properties as unknown as StageMessage;
  }
}
