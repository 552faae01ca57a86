// Runs everything that a gateway does with keys, and looks for their bytes wherever they must not be.
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { homeAt } from "../../lib/common/home.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { commandKeys } from "../../lib/envelope/seal-command.js";
import { writeExport } from "../../lib/ledger/export/write-export.js";
import { Ledger } from "../../lib/ledger/ledger.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import { GATEWAY_ATTACKS } from "../../simulator/devices/attack-names.js";
import { makeHeldDevices } from "../../simulator/devices/gateway-device.js";
import { devicesReport } from "../../simulator/devices/judge/report.js";
import { prepareDevices } from "../../simulator/devices/preparation.js";
import { runGatewayAttacks } from "../../simulator/devices/run-attacks.js";
import type { DeviceGateway } from "./device-gateway.js";
import { type Secret, SecretSearch } from "./secret-search.js";

export interface SecretsResult {
  secrets: number;
  searchedBytes: number;
  messages: number;
  commandsOpened: number;
}

const LEDGERS = [
  ["ledger.db", "ledger.pem", "redoubt.local/device-gateway"],
  ["server-ledger.db", "server-ledger.pem", "redoubt.local/central-server"],
] as const;
/** An Ed25519 private key in PKCS#8 ends with it (RFC 8410). */
const SEED_BYTES = 32;
const COMMAND_BUTTON = "test-command";

/** A button that sends a device a command. */
export function commandButton(device: string) {
  return {
    ...{ id: COMMAND_BUTTON, z: "rdbt-tab-gw", type: "inject", once: false, repeat: "", crontab: "" },
    props: [{ p: "payload", v: JSON.stringify({ device_id: device, command: "fan_on" }), vt: "json" }],
    wires: [["rdbt-gw-gate"]],
  };
}

/** Honest devices, every attack, and a command of {@link commandButton}, against a gateway whose server is in the same Node-RED. */
export async function attackOnce(gateway: DeviceGateway, messages: number, seed: number) {
  const home = homeAt(gateway.home, gateway.home);
  const held = makeHeldDevices({ devices: 1, seed });
  const foreignAccounts = () => undefined;
  const { fleetKey, accounts, epochOf, cleanUp } = prepareDevices({
    home,
    fleet: gateway.fleet,
    held,
    foreignAccounts,
  });
  try {
    // A running flow has seen a change of the registry after two seconds.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    let pressed: Promise<void> | undefined;
    const record = await runGatewayAttacks(
      {
        ...{
          url: gateway.brokerUrl,
          accounts,
          fleetKey,
          epochOf,
          flashFolder: join(gateway.folder, "flash"),
          rateHz: 2,
        },
        ...{ fleet: gateway.fleet, held, attacks: GATEWAY_ATTACKS, seed, messages, attackRateHz: 1000 },
        ...{ quietSec: 3, pauseSec: 0, durationSec: 0, forever: false },
        files: { store: gateway.store, ledger: gateway.ledger },
        server: { url: gateway.serverUrl, gatewayId: gateway.gatewayId, token: gateway.token },
        statusUrl: `${gateway.origin}/status`,
        onProgress: (_, text) => {
          if (text.endsWith("forged-counter")) pressed ??= gateway.press(COMMAND_BUTTON);
        },
      },
      new AbortController().signal,
    );
    await pressed;
    return devicesReport(record);
  } finally {
    cleanUp();
  }
}

function secretsOf(gateway: DeviceGateway, keysFolder: string): Secret[] {
  const secrets: Secret[] = [
    { name: "fleet key", bytes: gateway.fleetKey },
    { name: "gateway's token", bytes: Buffer.from(gateway.token) },
  ];
  for (const { id, profile } of gateway.fleet) {
    const key = deviceKey(gateway.fleetKey, profile, id);
    secrets.push({ name: `key of ${id}`, bytes: key });
    const [command] = commandKeys(envelopeProfile(profile), [key]);
    if (command && !command.equals(key)) secrets.push({ name: `command key of ${id}`, bytes: command });
  }
  for (const [, name] of LEDGERS) {
    const der = createPrivateKey(readFileSync(join(keysFolder, name))).export({ format: "der", type: "pkcs8" });
    secrets.push({ name, bytes: der.subarray(-SEED_BYTES) });
  }
  return secrets;
}

/** @throws {AssertionError} that names each place and form in which a key was found. */
export async function gatewaySecrets(gateway: DeviceGateway, messages: number, seed: number): Promise<SecretsResult> {
  const report = await attackOnce(gateway, messages, seed);
  assert.ok(report.ok, JSON.stringify(report.targets.filter(({ ok }) => !ok)));
  const { keys, state } = homeAt(gateway.home, gateway.home);
  for (const [file, key, origin] of LEDGERS) {
    const ledger = Ledger.open({ path: join(state, file), keyPath: join(keys, key), origin });
    writeExport(ledger, join(gateway.folder, `export-${file}`));
    ledger.close();
  }
  const secrets = secretsOf(gateway, keys);
  const search = new SecretSearch(secrets);
  search.text("output", gateway.output);
  search.text("report", JSON.stringify(report));
  search.text("flows", JSON.stringify(gateway.flows));
  for (const path of ["/status", "/pi/health", "/readyz", "/healthz", "/flows", "/settings", "/nodes"]) {
    const response = await fetch(`${gateway.origin}${path}`, { headers: { accept: "application/json" } });
    search.text(path, await response.text());
  }
  search.folder(gateway.userDir);
  search.folder(gateway.folder, [keys, gateway.tokenFile]);
  assert.deepEqual(search.hits, [], "keys were found");

  // The same search finds the keys where they belong: otherwise it would find nothing anywhere.
  const proof = new SecretSearch(secrets);
  proof.folder(keys);
  proof.text("token", readFileSync(gateway.tokenFile, "utf8"));
  const found = new Set(proof.hits.map(({ secret }) => secret));
  for (const name of ["fleet key", "gateway's token", "ledger.pem", "server-ledger.pem"]) {
    assert.ok(found.has(name), `the search does not even find the ${name} in its own file`);
  }
  return {
    secrets: secrets.length,
    searchedBytes: search.searched,
    messages: report.honest.accepted + report.attacks.reduce((sum, each) => sum + each.messages, 0),
    commandsOpened: report.commands.opened,
  };
}
