import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { keysCommand } from "../../cli/commands/keys.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import { readAccounts } from "../../lib/broker/accounts.js";

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

  it("refuses a wrong use, and says in one line what is wrong with the home", async () => {
    await assert.rejects(provision("esp32-1"), CommanderError);
    await assert.rejects(provision("esp32-1", "--role", "admin"), CommanderError);
    await assert.rejects(provision("a/#", "--role", "sensor"), UsageFailure);
    writeFileSync(join(home, "broker"), "not a folder");
    await assert.rejects(provision("esp32-1", "--role", "sensor"), (error: Error) => {
      return error instanceof CommandFailure && !error.message.includes("\n");
    });
  });
});
