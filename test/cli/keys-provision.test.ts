import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { keysCommand } from "../../cli/commands/keys.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import { readAccounts, rightsIn } from "../../lib/broker/accounts.js";
import { listDevice } from "../../lib/registry/edit-registry.js";
import { registryFileIn } from "../../lib/registry/registry-file.js";

describe("redoubt keys provision", () => {
  let home: string;

  /** Runs the command in this process. @returns what it printed. */
  async function provision(...args: string[]): Promise<string> {
    const command = keysCommand();
    for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ writeErr: () => {} });
    const lines: string[] = [];
    const log = console.log;
    console.log = (line: string) => lines.push(line);
    try {
      await command.parseAsync(["provision", ...args, "--home", home], { from: "user" });
    } finally {
      console.log = log;
    }
    return lines.join("\n");
  }

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-provision-"));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("makes an account and shows its password only when asked to", async () => {
    const made = await provision("esp32-1", "--role", "sensor", "--json");
    const password = readAccounts(home)["esp32-1"]?.password ?? assert.fail("no account");
    assert.ok(!made.includes(password));
    assert.ok(!(await provision("esp32-1", "--role", "sensor")).includes(password));
    const shown = await provision("esp32-1", "--role", "sensor", "--json", "--show-password");
    const { password: printed, ...rest } = JSON.parse(shown) as { password: string };
    assert.equal(printed, password);
    assert.deepEqual(rest, JSON.parse(made));
  });

  it("prints the line that the firmware takes when asked to, and says who cannot have one", async () => {
    const own = ["--role", "sensor", "--profile", "cose-a128gcm"];
    const record = await provision("esp32-1", ...own, "--record");
    const { password } = readAccounts(home)["esp32-1"] ?? assert.fail("no account");
    const key = readFileSync(join(home, "keys", "devices", "esp32-1.key"), "utf8");
    const [version, device, epoch, hex, secret] = record.split(" ");
    assert.deepEqual([version, device, epoch, secret], ["redoubt1", "esp32-1", "1", password]);
    assert.ok(key.includes(hex as string) || key.includes(Buffer.from(hex as string, "hex").toString("base64url")));
    const shown = JSON.parse(await provision("esp32-1", ...own, "--record", "--json")) as { record: string };
    assert.equal(shown.record, record);
    await assert.rejects(provision("esp32-1", "--role", "sensor", "--record"), UsageFailure);
    await assert.rejects(provision("esp32-1", "--role", "sensor", "--profile", "fernet", "--record"), UsageFailure);
    await assert.rejects(provision("a".repeat(27), ...own, "--record"), CommandFailure);
  });

  it("lets a device publish on the topics that it is listed with, also when its account is older", async () => {
    const topics = ["iot/hall/1", "iot/hall/2"];
    const listed = ["--role", "sensor", "--profile", "plain-json"];
    const made = JSON.parse(await provision("hall", ...listed, "--topic", ...topics, "--json")) as { topics: string[] };
    assert.deepEqual(made.topics, topics);
    const mayPublish = () => rightsIn(home, "hall").publish;
    assert.deepEqual(mayPublish().slice(-2), topics);
    assert.deepEqual(
      mayPublish().filter((topic) => topic.includes("#")),
      ["iot/devices/hall/#"],
    );

    await provision("old", "--role", "sensor");
    const { password } = readAccounts(home).old ?? assert.fail("no account");
    listDevice(registryFileIn(home), { id: "old", profile: "plain-json", topics: ["iot/old"] });
    await provision("old", ...listed);
    await provision("old", ...listed);
    assert.equal(rightsIn(home, "old").publish.filter((topic) => topic === "iot/old").length, 1);
    assert.equal(readAccounts(home).old?.password, password);
  });

  it("refuses a wrong use, and says in one line what is wrong with the home", async () => {
    await assert.rejects(provision("esp32-1"), CommanderError);
    await assert.rejects(provision("esp32-1", "--role", "admin"), CommanderError);
    await assert.rejects(provision("a/#", "--role", "sensor"), UsageFailure);
    await assert.rejects(provision("esp32-1", "--role", "sensor", "--topic", "iot/x"), UsageFailure);
    const wild = ["--profile", "plain-json", "--topic", "iot/#"];
    await assert.rejects(provision("esp32-1", "--role", "sensor", ...wild), UsageFailure);
    writeFileSync(join(home, "broker"), "not a folder");
    await assert.rejects(provision("esp32-1", "--role", "sensor"), (error: Error) => {
      return error instanceof CommandFailure && !error.message.includes("\n");
    });
  });
});
