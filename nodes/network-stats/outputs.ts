import type { IncidentDetail, NetworkSnapshot } from "../../lib/common/network-snapshot.js";
import { publicNetworkSnapshot } from "../../lib/monitor/network/network-monitor.js";
import type { StageMessage } from "../common/stage.js";
import type { NetworkMessage } from "./input.js";

/** Builds what leaves the node; addresses are marked for operators where the setting says so. */
export class NetworkOutputs {
  private readonly audience: { audience?: "operator" };

  constructor(operatorsOnly: boolean) {
    this.audience = operatorsOnly ? { audience: "operator" } : {};
  }

  /** Output 1 all of it, output 4 the counters. */
  snapshot(snapshot: NetworkSnapshot): (StageMessage | null)[] {
    return [
      this.message({ payload: snapshot, ...this.audience }),
      null,
      null,
      this.message({ payload: publicNetworkSnapshot(snapshot) }),
    ];
  }

  /** Output 3, for the browser that asked: nothing but the answer, the question and who asked. */
  detail(detail: IncidentDetail | undefined, key: string, asked: NetworkMessage): (StageMessage | null)[] {
    const client = asked._client === undefined ? {} : { _client: asked._client };
    return [null, null, this.message({ payload: detail ?? null, select: key, ...client, ...this.audience })];
  }

  private message(properties: { payload: unknown; [property: string]: unknown }): StageMessage {
    return properties as unknown as StageMessage;
  }
}
