// The security monitor's stages without Node-RED: verification, measurement, rules, alerts; no model.
import { join } from "node:path";
import { connectAsync } from "mqtt";
import type { Account } from "../../lib/broker/accounts.js";
import type { DeviceInfo, RejectionInfo } from "../../lib/common/message.js";
import type { ReceptionInfo } from "../../lib/common/security.js";
import { DeviceReceivers } from "../../lib/envelope/device-receivers.js";
import { DeviceReplays } from "../../lib/envelope/device-replays.js";
import { loadKeyFile } from "../../lib/envelope/key-file.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import { DeviceRegistry } from "../../lib/registry/device-registry.js";
import type { DeviceProfile } from "../../lib/registry/profiles.js";
import { registryFileIn } from "../../lib/registry/registry-file.js";
import { sampleOf } from "../../lib/traffic/message-sample.js";
import { TrafficMeter } from "../../lib/traffic/traffic-meter.js";
import { judge } from "../../lib/verdict/rules.js";
import { ALERT_TOPIC, verdictAlert } from "../../lib/verdict/seed-alert.js";
import { DEFAULT_VERDICT_SETTINGS } from "../../lib/verdict/settings.js";
import { VerdictIds } from "../../lib/verdict/verdict-ids.js";
import { timeOf } from "../../lib/verify/reading.js";
import { MessageVerifier } from "../../lib/verify/verifier.js";

const FRESHNESS = { ttl: 60, maxSkew: 60 };

interface Observed {
  received: ReceptionInfo;
  payload: unknown;
  device?: DeviceInfo;
  rejected?: RejectionInfo;
}

/** Starts one with the registry and the fleet key of a home; `stop` ends it. */
export async function startLibraryMonitor(
  url: string,
  home: string,
  account: Account,
): Promise<{ stop(): Promise<void> }> {
  const fleetKeys = loadKeyFile(join(home, "keys", "fleet.key"), ["aes-256"]).all;
  const registry = new DeviceRegistry(registryFileIn(home));
  const receivers = new DeviceReceivers({
    ...FRESHNESS,
    keysOf: (profile, id) => fleetKeys.map((key) => deviceKey(key, profile as DeviceProfile, id)),
    replays: new DeviceReplays({ ...FRESHNESS, startedAt: Date.now() }),
    timeOf,
  });
  const verifier = new MessageVerifier({
    devices: registry,
    open: ({ profile, id }, message, context) => receivers.receive(profile, id, message, context),
  });
  const meter = new TrafficMeter();
  const ids = new VerdictIds();
  const client = await connectAsync(url, { clientId: account.username, ...account });

  client.on("message", (topic, bytes) => {
    const now = Date.now();
    const outcome = verifier.verify(bytes, topic, now);
    const message: Observed =
      "rejection" in outcome
        ? { received: outcome.received, payload: bytes, rejected: outcome.rejection }
        : { received: outcome.received, payload: outcome.reading, device: outcome.device };
    const traffic = meter.measure(sampleOf(message, now));
    const verdict = judge({ ...message, traffic }, DEFAULT_VERDICT_SETTINGS, ids.next());
    client.publish(ALERT_TOPIC, verdictAlert(verdict, "test"));
  });
  await client.subscribeAsync("iot/#");
  return { stop: () => client.endAsync() };
}
