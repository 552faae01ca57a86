import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { generatePassword } from "../../../lib/broker/password.js";
import { UserStore } from "../../../lib/broker/user-store.js";
import { addUser, readUsers } from "../../../lib/broker/users-file.js";

const rights = { publish: ["a/b"], subscribe: ["a/#"] };

describe("Broker users", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-users-"));
    path = join(folder, "users.json");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("keeps salted hashes, never passwords, in a file that only its owner reads", () => {
    const password = generatePassword();
    addUser(path, "one", password, rights);
    addUser(path, "two", password, rights);
    const text = readFileSync(path, "utf8");
    assert.ok(!text.includes(password));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const users = readUsers(path);
    assert.notEqual(users.get("one")?.hash, users.get("two")?.hash);
    chmodSync(path, 0o644);
    assert.throws(() => readUsers(path), /chmod 600/);
  });

  it("accepts the right password only", async () => {
    const password = generatePassword();
    addUser(path, "one", password, rights);
    const store = new UserStore(path);
    const verify = async (name: string, secret: string) => (await store.verify(name, Buffer.from(secret)))?.publish;
    assert.deepEqual(await verify("one", password), ["a/b"]);
    assert.equal(await verify("one", `${password} `), undefined);
    assert.equal(await verify("one", ""), undefined);
    assert.equal(await verify("one", "x".repeat(4000)), undefined);
    assert.equal(await verify("two", password), undefined);
    assert.equal(await verify("constructor", password), undefined);
  });

  it("takes over a changed file, names who changed, and keeps the old users when the new file is not valid", () => {
    const warnings: string[] = [];
    addUser(path, "one", generatePassword(), rights);
    addUser(path, "two", generatePassword(), rights);
    const store = new UserStore(path, (message) => warnings.push(message));
    assert.deepEqual(store.refresh(), []);
    addUser(path, "two", generatePassword(), rights);
    addUser(path, "three", generatePassword(), rights);
    assert.deepEqual(store.refresh(), ["two"]);
    writeFileSync(path, "{");
    assert.deepEqual(store.refresh(), []);
    assert.deepEqual(store.refresh(), []);
    assert.deepEqual(warnings, [`${path} is not JSON`]);
  });

  it("refuses weak passwords, bad names and bad filters before writing", () => {
    addUser(path, "one", generatePassword(), rights);
    const before = readFileSync(path, "utf8");
    const good = generatePassword();
    assert.throws(() => addUser(path, "two", "short", rights), /16 to 512/);
    assert.throws(() => addUser(path, "a b", good, rights), /user name/);
    assert.throws(() => addUser(path, "__proto__", good, rights), /user name/);
    assert.throws(() => addUser(path, "two", good, { publish: ["a#"], subscribe: [] }), /not a topic filter/);
    assert.equal(readFileSync(path, "utf8"), before);
  });

  it("answers any JSON in the file with users or one clear line", () => {
    addUser(path, "one", generatePassword(), rights);
    const valid = JSON.parse(readFileSync(path, "utf8")) as { users: { one: Record<string, unknown> } };
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(null, [], "__proto__", 1e308, { __proto__: null }));
    const documents = fc.oneof(
      anything,
      fc.record({ version: fc.constant(1), users: anything }),
      fc
        .tuple(fc.constantFrom("salt", "hash", "publish", "subscribe", "extra"), anything)
        .map(([key, value]) => ({ version: 1, users: { one: { ...valid.users.one, [key]: value } } })),
    );
    fc.assert(
      fc.property(documents, (document) => {
        writeFileSync(path, JSON.stringify(document));
        try {
          for (const user of readUsers(path).values()) assert.ok(Array.isArray(user.publish));
        } catch (error) {
          assert.match((error as Error).message, /users\.json(:| is) /);
          assert.ok(!(error as Error).message.includes("\n"));
        }
      }),
      { seed: 20_260_131, numRuns: 500 },
    );
  });
});
