import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, CommanderError } from "commander";
import { devicesCommand } from "../../cli/commands/devices.js";
import { keysCommand } from "../../cli/commands/keys.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import { readAccounts, rightsIn } from "../../lib/broker/accounts.js";
import { loadKeyFile } from "../../lib/envelope/key-file.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import { readRegistry } from "../../lib/registry/registry-file.js";

describe("redoubt devices", () => {
  let home: string;
  let registryFile: string;

  /** Runs a command in this process. @returns what it printed. */
  async function run(command: Command, ...args: string[]): Promise<string> {
    for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ writeErr: () => {} });
    const printed: string[] = [];
    const { log } = console;
    const write = process.stdout.write;
    console.log = (line: string) => printed.push(`${line}\n`);
    process.stdout.write = ((text: string) => printed.push(text) > 0) as typeof write;
    try {
      await command.parseAsync([...args, "--home", home], { from: "user" });
    } finally {
      console.log = log;
      process.stdout.write = write;
    }
    return printed.join("");
  }

  const devices = (...args: string[]) => run(devicesCommand(), ...args);
  const provision = (...args: string[]) => run(keysCommand(), "provision", ...args);
  const oneLine = (error: Error) => error instanceof CommandFailure && !error.message.includes("\n");

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-devices-"));
    registryFile = join(home, "devices.json");
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("lists, adds and removes", async () => {
    assert.equal(await devices("list"), "");
    await devices("add", "hall", "--profile", "plain-json", "--topic", "iot/hall", "iot/hall/2");
    assert.match(await devices("add", "pump-1", "--profile", "fernet"), /is listed in/);
    assert.match(await devices("add", "pump-1", "--profile", "fernet"), /already/);
    assert.equal(
      await devices("list"),
      "hall  plain-json  iot/hall iot/hall/2\npump-1  fernet  iot/devices/pump-1/data\n",
    );
    const lines = (await devices("list", "--json")).trim().split("\n");
    assert.deepEqual(JSON.parse(lines[1] ?? ""), {
      id: "pump-1",
      profile: "fernet",
      topics: ["iot/devices/pump-1/data"],
    });
    assert.deepEqual(JSON.parse(await devices("remove", "hall", "--json")), { id: "hall", keyRemoved: false });
    await assert.rejects(devices("remove", "hall"), oneLine);
    await assert.rejects(devices("remove", "../hall"), oneLine);
  });

  it("exports without keys what it imports again, and imports nothing that is wrong", async () => {
    await provision("pump-1", "--role", "sensor", "--profile", "fernet");
    const exported = await devices("export");
    assert.deepEqual(JSON.parse(exported), readRegistry(registryFile));
    const key = readFileSync(join(home, "keys", "devices", "pump-1.key"), "utf8").trim();
    assert.ok(!exported.includes(key));
    const copy = join(home, "copy.json");
    writeFileSync(copy, exported);
    await devices("remove", "pump-1");
    await devices("import", copy);
    assert.deepEqual(readRegistry(registryFile), JSON.parse(exported));
    writeFileSync(copy, '{"version":1,"devices":[{"id":"a b","profile":"fernet"}]}');
    await assert.rejects(devices("import", copy), oneLine);
    await assert.rejects(devices("import", join(home, "none.json")), oneLine);
    assert.deepEqual(readRegistry(registryFile), JSON.parse(exported));
  });

  it("refuses a wrong use", async () => {
    await assert.rejects(devices("add", "pump-1"), CommanderError);
    await assert.rejects(devices("add", "pump-1", "--profile", "cose"), CommanderError);
    await assert.rejects(devices("add", "a/#", "--profile", "fernet"), UsageFailure);
    await assert.rejects(devices("add", "a", "--profile", "fernet", "--topic", "iot/#"), UsageFailure);
    writeFileSync(registryFile, "{");
    await assert.rejects(devices("list"), oneLine);
    await assert.rejects(devices("add", "a", "--profile", "fernet"), oneLine);
  });

  it("provisions a sensor: listed, with an account, and a key derived from the fleet's", async () => {
    for (const [device, profile, family] of [
      ["pump-1", "aes-gcm-json", "aes-256"],
      ["hall", "fernet", "fernet"],
    ] as const) {
      const made = JSON.parse(await provision(device, "--role", "sensor", "--profile", profile, "--json"));
      const keyFile = join(home, "keys", "devices", `${device}.key`);
      const { profile: listed, topics, keyFile: said } = made;
      assert.deepEqual([listed, topics, said], [profile, [`iot/devices/${device}/data`], keyFile]);
      assert.equal(statSync(keyFile).mode & 0o777, 0o600);
      const fleet = loadKeyFile(join(home, "keys", "fleet.key"), ["aes-256"]).primary;
      const key = loadKeyFile(keyFile, [family]).primary;
      assert.deepEqual(key, deviceKey(fleet, profile, device));
      assert.ok(!JSON.stringify(made).includes(readFileSync(keyFile, "utf8").trim()));
      assert.ok(rightsIn(home, device).publish.includes(`iot/devices/${device}/#`));
    }
    const keyBefore = readFileSync(join(home, "keys", "devices", "hall.key"), "utf8");
    assert.match(await provision("hall", "--role", "sensor", "--profile", "fernet"), /hall\.key/);
    assert.equal(readFileSync(join(home, "keys", "devices", "hall.key"), "utf8"), keyBefore);
    assert.match(await devices("remove", "hall"), /key file is removed/);
    assert.ok(!existsSync(join(home, "keys", "devices", "hall.key")));
  });

  it("provisions a sensor without a key, and no consumer", async () => {
    const made = await provision("old", "--role", "sensor", "--profile", "plain-json");
    assert.match(made, /listed +as plain-json in .*, topic iot\/devices\/old\/data/);
    assert.ok(!existsSync(join(home, "keys")));
    await assert.rejects(provision("dash", "--role", "consumer", "--profile", "fernet"), UsageFailure);
    await assert.rejects(provision("old", "--role", "sensor", "--profile", "fernet"), oneLine);
    assert.deepEqual(Object.keys(readAccounts(home)), ["old"]);
  });
});
