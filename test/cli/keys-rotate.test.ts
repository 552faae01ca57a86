import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { keysCommand } from "../../cli/commands/keys.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import { createKeyFile, loadKeyFile } from "../../lib/envelope/key-file.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import { readRegistry, writeRegistry } from "../../lib/registry/registry-file.js";

describe("redoubt keys rotate", () => {
  let home: string;

  async function keys(...args: string[]): Promise<string> {
    const command = keysCommand();
    for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ writeErr: () => {} });
    const lines: string[] = [];
    const log = console.log;
    console.log = (line: string) => lines.push(line);
    try {
      await command.parseAsync(args, { from: "user" });
    } finally {
      console.log = log;
    }
    return lines.join("\n");
  }

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-rotate-"));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("gives a device its next key, and keeps the old one for the overlap", async () => {
    const made = JSON.parse(await keys("provision", "pump", "--role", "sensor", "--json", "--home", home, "--profile"));
    assert.deepEqual([made.profile, made.epoch], ["cose-a128gcm", 1]);
    const fleet = loadKeyFile(join(home, "keys", "fleet.key")).primary;
    const keyOf = () => loadKeyFile(made.keyFile).primary.toString("hex");
    assert.equal(keyOf(), deviceKey(fleet, "cose-a128gcm", "pump").toString("hex"));

    const before = Date.now();
    const shown = await keys("rotate", "pump", "--json", "--home", home);
    const rotated = JSON.parse(shown);
    assert.equal(rotated.epoch, 2);
    const until = Date.parse(rotated.previousEpoch.until) - before;
    assert.ok(until > 86_000_000 && until <= 86_400_000 + 60_000, `${until}`);
    assert.equal(keyOf(), deviceKey(fleet, "cose-a128gcm", "pump", 2).toString("hex"));
    assert.ok(!shown.includes(keyOf()));
    assert.equal(statSync(made.keyFile).mode & 0o777, 0o600);

    const said = await keys("rotate", "pump", "--overlap", "0s", "--home", home);
    assert.match(said, /epoch 3/);
    assert.deepEqual(readRegistry(join(home, "devices.json")).devices, [
      { id: "pump", profile: "cose-a128gcm", epoch: 3 },
    ]);
    // Provisioned again, it gets the key that it has now.
    const again = JSON.parse(
      await keys("provision", "pump", "--role", "sensor", "--json", "--home", home, "--profile"),
    );
    assert.equal(again.epoch, 3);
    assert.equal(keyOf(), deviceKey(fleet, "cose-a128gcm", "pump", 3).toString("hex"));
  });

  it("rotates the key file that is meant, and none by mistake", async () => {
    const file = join(home, "raw.key");
    const old = createKeyFile(file, "fernet").fingerprints[0];
    assert.ok((await keys("rotate", file, "--json")).includes(String(old)));
    assert.equal(loadKeyFile(file).all.length, 2);
    await keys("rotate", file, "--keep", "0");
    assert.equal(loadKeyFile(file).all.length, 1);
    const text = readFileSync(file, "utf8");
    await assert.rejects(keys("rotate", join(home, "none.key")), CommandFailure);
    await assert.rejects(keys("rotate", "nobody", "--home", home), CommandFailure);
    await assert.rejects(keys("rotate", "a/b", "--home", home), UsageFailure);
    await assert.rejects(keys("rotate", file, "--keep", "1", "--overlap", "1h"), UsageFailure);
    for (const overlap of ["25h", "1d", "", "-1h", "1.5h", "86401s"]) {
      await assert.rejects(keys("rotate", "pump", "--overlap", overlap), CommanderError, overlap);
    }
    writeRegistry(join(home, "devices.json"), { version: 1, devices: [{ id: "plain", profile: "plain-json" }] });
    await assert.rejects(keys("rotate", "plain", "--home", home), /no key/);
    assert.equal(readFileSync(file, "utf8"), text);
    assert.ok(!existsSync(join(home, "keys")));
  });
});
