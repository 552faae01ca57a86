import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { provision, usersFileIn } from "../../../lib/broker/accounts.js";
import { addUser, readUsers } from "../../../lib/broker/users-file.js";
import { type Home, homeAt } from "../../../lib/common/home.js";
import { readRegistry, registryFileIn, writeRegistry } from "../../../lib/registry/registry-file.js";
import { sharedAccount } from "../../../simulator/common/accounts.js";
import { makeCompromised, makeFleet } from "../../../simulator/fleet/device.js";
import { JUDGE, LEAKED, prepareAttack, prepareFleet } from "../../../simulator/fleet/preparation.js";

describe("preparation of a simulated fleet", () => {
  let home: Home;
  const fleet = makeFleet({ devices: 3, seed: 1 });
  const held = makeCompromised(2, 1, { run: "0" });

  beforeEach(() => {
    home = homeAt(mkdtempSync(join(tmpdir(), "redoubt-fleet-")), "/");
  });
  afterEach(() => rmSync(home.root, { recursive: true, force: true }));

  const users = () => [...readUsers(usersFileIn(home.root)).keys()].sort();
  const devices = () => readRegistry(registryFileIn(home.root)).devices.map(({ id }) => id);

  it("makes what is missing, once, and keeps what is there", () => {
    const own = { id: "my-own", profile: "plain-json" as const, topics: ["iot/mine"] };
    writeRegistry(registryFileIn(home.root), { version: 1, devices: [own] });
    const first = prepareFleet({ home, fleet });
    assert.equal(first.changed, true);
    assert.deepEqual(devices(), ["my-own", ...fleet.map(({ id }) => id)]);
    assert.deepEqual(users(), fleet.map(({ id }) => id).sort());
    const second = prepareFleet({ home, fleet });
    assert.equal(second.changed, false);
    assert.deepEqual(second.fleetKey, first.fleetKey);
    assert.deepEqual(second.accounts("sensor-temp-01"), first.accounts("sensor-temp-01"));
    assert.throws(() => second.accounts("stranger"), /stranger/);
  });

  it("does not take over a device of the user's that has the same name", () => {
    writeRegistry(registryFileIn(home.root), {
      version: 1,
      devices: [{ id: "sensor-temp-01", profile: "plain-json" }],
    });
    assert.throws(() => prepareFleet({ home, fleet }), /--prefix/);
  });

  it("removes what an attack needed, and nothing else", () => {
    provision(home.root, "somebody", "sensor");
    const prepared = prepareAttack({ home, fleet }, held);
    assert.ok(users().includes(LEAKED) && users().includes(JUDGE) && users().includes("field-unit-0-01"));
    assert.ok(devices().includes("field-unit-0-02"));
    assert.equal(prepared.accounts(LEAKED)?.username, LEAKED);
    assert.ok(!readFileSync(join(home.root, "broker", "accounts.json"), "utf8").includes(LEAKED));
    prepared.cleanUp();
    prepared.cleanUp();
    assert.deepEqual(users(), [...fleet.map(({ id }) => id), "somebody"].sort());
    assert.deepEqual(
      devices(),
      fleet.map(({ id }) => id),
    );
    assert.equal(existsSync(join(home.state, "simulated-attack.json")), false);
  });

  it("removes what a killed run left, before the next one", () => {
    prepareAttack({ home, fleet }, held);
    assert.equal(statSync(join(home.state, "simulated-attack.json")).mode & 0o777, 0o600);
    const next = prepareAttack({ home, fleet }, held.slice(0, 1));
    assert.equal(users().includes("field-unit-0-02"), false);
    next.cleanUp();
    assert.equal(users().includes(LEAKED), false);
  });

  it("leaves a user alone who happens to be called like the simulator's", () => {
    prepareFleet({ home, fleet });
    addUser(usersFileIn(home.root), LEAKED, "0123456789abcdef", { publish: [], subscribe: [] });
    assert.throws(() => prepareAttack({ home, fleet }, held), /already has a user "leaked"/);
    assert.ok(users().includes(LEAKED));
    assert.equal(devices().includes("field-unit-0-01"), false);
  });

  it("says what to do about a damaged journal", () => {
    prepareAttack({ home, fleet }, held);
    writeFileSync(join(home.state, "simulated-attack.json"), "{", { mode: 0o600 });
    assert.throws(() => prepareAttack({ home, fleet }, held), /by hand/);
  });

  it("touches no users for a broker that has its own", () => {
    const account = { username: "x", password: "y" };
    const prepared = prepareAttack({ home, fleet, foreignAccounts: sharedAccount(account) }, held);
    assert.equal(existsSync(usersFileIn(home.root)), false);
    assert.deepEqual(prepared.accounts(LEAKED), account);
    assert.ok(devices().includes("field-unit-0-01"));
    prepared.cleanUp();
    assert.equal(devices().includes("field-unit-0-01"), false);
  });
});
