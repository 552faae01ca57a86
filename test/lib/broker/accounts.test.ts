import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  accountsFileIn,
  GATEWAY_ACCOUNTS,
  NETWORK_ACCOUNTS,
  OCCUPANCY_ACCOUNTS,
  provision,
  provisionAccounts,
  readAccounts,
  rightsIn,
  SECURITY_ACCOUNTS,
  THERMAL_ACCOUNTS,
  usersFileIn,
} from "../../../lib/broker/accounts.js";
import { mosquittoAcl, mosquittoConfig } from "../../../lib/broker/mosquitto-files.js";
import { addUser, readUsers } from "../../../lib/broker/users-file.js";

const NAMES = [THERMAL_ACCOUNTS, SECURITY_ACCOUNTS, GATEWAY_ACCOUNTS, NETWORK_ACCOUNTS, OCCUPANCY_ACCOUNTS].flatMap(
  (accounts) => Object.keys(accounts),
);
const deploy = join(__dirname, "..", "..", "..", "deploy", "mosquitto");

describe("Broker accounts", () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-accounts-"));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("makes every account once, each with a password of its own, in private files", () => {
    const accounts = provisionAccounts(home);
    assert.deepEqual(Object.keys(accounts), NAMES);
    const passwords = new Set(Object.values(accounts).map(({ password }) => password));
    assert.equal(passwords.size, NAMES.length);
    for (const password of passwords) assert.equal(Buffer.from(password, "base64url").length, 24);
    for (const path of [accountsFileIn(home), usersFileIn(home)]) assert.equal(statSync(path).mode & 0o777, 0o600);
    const before = readFileSync(usersFileIn(home), "utf8");
    assert.deepEqual(provisionAccounts(home), accounts);
    assert.equal(readFileSync(usersFileIn(home), "utf8"), before);
  });

  it("keeps rights that a person changed and restores a user that went missing", () => {
    const { gateway } = provisionAccounts(home);
    const rights = { publish: ["own/topic"], subscribe: [] };
    addUser(usersFileIn(home), "gateway", gateway?.password ?? "", rights);
    provisionAccounts(home);
    assert.deepEqual(rightsIn(home, "gateway"), rights);
    rmSync(usersFileIn(home));
    assert.deepEqual(provisionAccounts(home).gateway, gateway);
    assert.equal(readUsers(usersFileIn(home)).size, NAMES.length);
  });

  it("lets another monitor publish alerts and read nothing, and no device read what others send", () => {
    provisionAccounts(home);
    assert.deepEqual(rightsIn(home, "seed-monitor"), { publish: ["security/alert"], subscribe: [] });
    provision(home, "esp32-1", "sensor");
    const readers = NAMES.filter((name) => rightsIn(home, name).subscribe.includes("iot/#"));
    assert.deepEqual(readers, ["monitor"]);
    assert.ok(!rightsIn(home, "monitor").publish.some((topic) => topic.startsWith("iot/")));
  });

  it("gives a new sensor its own branch and nobody else's", () => {
    const account = provision(home, "esp32-1", "sensor");
    assert.deepEqual(provision(home, "esp32-1", "sensor"), account);
    assert.deepEqual(readAccounts(home), { "esp32-1": account });
    const { publish, subscribe } = rightsIn(home, "esp32-1");
    assert.deepEqual(publish, ["dc/temperature/raw_encrypted", "iot/devices/esp32-1/#"]);
    assert.deepEqual(subscribe, ["iot/devices/esp32-1/cmd"]);
    for (const name of ["a b", "+", "#", "a/b", "", "__proto__", "x".repeat(65)]) {
      assert.throws(() => provision(home, name, "sensor"), /device name/);
    }
  });

  it("names the file that is damaged", () => {
    provisionAccounts(home);
    for (const text of ["", "[]", '{"version":2,"accounts":{}}', '{"version":1,"accounts":{"a b":{"password":"x"}}}']) {
      writeFileSync(accountsFileIn(home), text);
      assert.throws(() => provisionAccounts(home), /accounts\.json/);
    }
  });

  it("ships an ACL for Mosquitto that grants the same", () => {
    provisionAccounts(home);
    const shipped = readFileSync(join(deploy, "acl"), "utf8");
    assert.ok(shipped.endsWith(`\n\n${mosquittoAcl(usersFileIn(home))}`));
  });

  it("ships a configuration for Mosquitto with the settings that the tests run it with", () => {
    const tested = mosquittoConfig({
      host: "127.0.0.1",
      port: 1883,
      passwordFile: "/etc/mosquitto/redoubt.passwords",
      aclFile: "/etc/mosquitto/redoubt.acl",
    }).split("\n");
    const shipped = readFileSync(join(deploy, "mosquitto.conf"), "utf8").split("\n");
    const settings = shipped.filter((line) => line !== "" && !line.startsWith("#"));
    assert.ok(settings.length >= 8);
    for (const line of settings) assert.ok(tested.includes(line), line);
    assert.ok(settings.includes("set_tcp_nodelay true"), "messages do not wait for each other");
  });
});
