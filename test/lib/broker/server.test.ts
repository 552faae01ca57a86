// The embedded broker in this process: what its guard answers, and that it counts it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import type { BrokerLimits } from "../../../lib/broker/limits.js";
import { generatePassword } from "../../../lib/broker/password.js";
import { type Broker, startBroker } from "../../../lib/broker/server.js";
import { addUser } from "../../../lib/broker/users-file.js";
import { connectPacket, lengthBytes, packet, publishPacket, subscribePacket } from "../../support/mqtt-bytes.js";
import { answer, closed, login, openSocket } from "../../support/mqtt-sockets.js";

const password = generatePassword();
const one = { username: "one", password, clientId: "one" };

describe("Embedded broker", () => {
  let folder: string;
  let usersFile: string;
  let broker: Broker;
  let now = 0;
  const clients: MqttClient[] = [];

  async function restart(limits: Partial<BrokerLimits> = {}): Promise<void> {
    await broker?.close();
    broker = await startBroker({ host: "127.0.0.1", port: 0, usersFile, limits, now: () => now });
  }

  async function client(options: object): Promise<MqttClient> {
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const made = await connectAsync(url, { reconnectPeriod: 0, ...options }, false);
    clients.push(made);
    return made;
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-server-"));
    usersFile = join(folder, "users.json");
    addUser(usersFile, "one", password, { publish: ["a/#"], subscribe: ["a/#"] });
    addUser(usersFile, "two", password, { publish: ["a/+"], subscribe: ["#"] });
  });
  beforeEach(() => restart());
  afterEach(() => {
    for (const made of clients.splice(0)) made.end(true);
  });
  after(async () => {
    await broker.close();
    rmSync(folder, { recursive: true });
  });

  it("says in one line that its port is taken", async () => {
    await assert.rejects(startBroker({ host: "127.0.0.1", port: broker.port, usersFile }), {
      message: `MQTT port ${broker.port} on 127.0.0.1 is taken; stop the other broker or set REDOUBT_MQTT_PORT`,
    });
  });

  it("refuses an unknown limit and a missing users file", async () => {
    const options = { host: "127.0.0.1", port: 0, usersFile };
    await assert.rejects(startBroker({ ...options, limits: { typo: 1 } as object }), /unknown broker limit "typo"/);
    await assert.rejects(startBroker({ ...options, usersFile: join(folder, "none.json") }), /none\.json/);
  });

  it("answers a subscription without the right with SUBACK 0x80 and grants the others", async () => {
    const subscriber = await client(one);
    const granted = await subscriber.subscribeAsync("a/b");
    assert.deepEqual(granted, [{ topic: "a/b", qos: 0 }]);
    const socket = await login(broker.port, { ...one, clientId: "raw" });
    for (const filter of ["#", "$SYS/#", "+/b", "b", "$share/g/a/b", "a/\u0001", Buffer.from([0x61, 0x2f, 0xff])]) {
      socket.write(subscribePacket(filter));
      assert.equal((await answer(socket))?.toString("hex"), "9003000780", String(filter));
    }
    socket.destroy();
    const everything = await client({ username: "two", password, clientId: "two" });
    assert.deepEqual(await everything.subscribeAsync("#"), [{ topic: "#", qos: 0 }]);
    await assert.rejects(everything.subscribeAsync("$SYS/#"));
    assert.equal(broker.stats().deniedSubscribe, 8);
  });

  it("closes a client that publishes without the right, or on a topic that is none, and delivers nothing", async () => {
    const received: string[] = [];
    const watcher = await client({ username: "two", password, clientId: "watcher" });
    watcher.on("message", (topic) => received.push(topic));
    await watcher.subscribeAsync("#");
    const topics = ["b", "$SYS/x", "redoubt/broker/stats", "a/\u0000", "a/\uffff", Buffer.from([0x61, 0x2f, 0xff])];
    for (const topic of topics) {
      const socket = await login(broker.port, { ...one, clientId: "raw" });
      socket.write(publishPacket(topic, "x"));
      await closed(socket);
    }
    await watcher.publishAsync("a/end", "x", { qos: 1 });
    while (!received.includes("a/end")) await new Promise((resolve) => watcher.once("message", resolve));
    assert.deepEqual(
      received.filter((topic) => topic !== "redoubt/broker/stats"),
      ["a/end"],
    );
    assert.equal(broker.stats().deniedPublish, topics.length);
    assert.equal(broker.stats().publishes, topics.length + 1);
  });

  it("refuses what is no CONNECT, or one that aedes should not see, before aedes sees it", async () => {
    const strangers: [Buffer, string][] = [
      [Buffer.from("GET / HTTP/1.1\r\n\r\n"), "not-connect"],
      [publishPacket("a/b", "x"), "not-connect"],
      [Buffer.concat([Buffer.from([0x10]), lengthBytes(4097)]), "connect-too-large"],
      [Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80]), "connect-too-large"],
      [connectPacket({ ...one, level: 5 }), "protocol-version"],
      [connectPacket({ ...one, clientId: "a\u0000" }), "identifier"],
      [connectPacket({ ...one, username: "<b>" }), "identifier"],
      [connectPacket({ ...one, extra: Buffer.from("x") }), "connect-malformed"],
      [connectPacket({ ...one, keepalive: 0 }), "keepalive"],
      [connectPacket({ ...one, keepalive: 301 }), "keepalive"],
      [connectPacket({ ...one, will: { topic: "b", payload: "" } }), "will-denied"],
    ];
    const expected: Record<string, number> = {};
    for (const [bytes, reason] of strangers) {
      const socket = await openSocket(broker.port);
      socket.write(bytes);
      await closed(socket);
      expected[reason] = (expected[reason] ?? 0) + 1;
      assert.deepEqual(broker.stats().refused, expected);
    }
    assert.equal(broker.stats().connected, 0);
  });

  it("closes a client whose packet is larger than allowed as soon as its length is known", async () => {
    const socket = await login(broker.port, one);
    socket.write(Buffer.concat([Buffer.from([0x30]), lengthBytes(65_537)]));
    await closed(socket);
    assert.deepEqual(broker.stats().refused, { "packet-too-large": 1 });
    const largest = await login(broker.port, one);
    largest.write(publishPacket("a/b", Buffer.alloc(65_536 - 7), 1));
    assert.equal((await answer(largest))?.toString("hex"), "40020001", "the largest one allowed is acknowledged");
    largest.destroy();
  });

  it("keeps what a client sends behind its CONNECT until the login is decided", async () => {
    const watcher = await client({ ...one, clientId: "watcher" });
    await watcher.subscribeAsync("a/b");
    const received = new Promise<string>((resolve) => {
      watcher.once("message", (_topic, payload) => resolve(payload.toString()));
    });
    const stranger = await openSocket(broker.port);
    const wrong = { ...one, clientId: "raw", password: "wrong" };
    stranger.write(Buffer.concat([connectPacket(wrong), publishPacket("a/b", "unauthenticated")]));
    await closed(stranger);
    const device = await openSocket(broker.port);
    const bytes = Buffer.concat([connectPacket({ ...one, clientId: "raw" }), publishPacket("a/b", "pipelined")]);
    for (const byte of bytes) device.write(Buffer.from([byte]));
    device.write(packet(0xe0));
    await closed(device);
    assert.equal(await received, "pipelined");
  });

  it("locks a user name after five failed logins, for this name only, until the lock ends", async () => {
    const connack = async (options: object) => {
      const socket = await openSocket(broker.port);
      socket.write(connectPacket(options));
      const code = (await answer(socket))?.[3];
      socket.destroy();
      return code;
    };
    for (let i = 0; i < 5; i++) assert.equal(await connack({ ...one, password: "wrong" }), 4);
    assert.equal(await connack(one), 5, "now the right password does not help either");
    assert.equal(await connack({ ...one, username: "two" }), 0);
    assert.deepEqual(broker.stats().refused, { "login-failed": 5, "login-locked": 1 });
    now += 60_000;
    assert.equal(await connack(one), 0);
  });

  it("limits connections by number and rate", async () => {
    await restart({ loopbackSockets: 3, loopbackConnectsPerSecond: 4 });
    const open = [];
    for (let i = 0; i < 3; i++) open.push(await login(broker.port, { ...one, clientId: `c${i}` }));
    await closed(await openSocket(broker.port));
    await closed(await openSocket(broker.port));
    assert.deepEqual(broker.stats().refused, { "address-sockets": 1, "address-rate": 1 });
    for (const socket of open) socket.destroy();
  });

  it("makes room for a login when idle connections hold every place", async () => {
    await restart({ maxPendingSockets: 4 });
    const idle = [];
    for (let i = 0; i < 4; i++) idle.push(await openSocket(broker.port));
    const socket = await login(broker.port, one);
    await closed(idle[0] as NonNullable<(typeof idle)[0]>);
    assert.deepEqual(broker.stats().refused, { "pending-evicted": 1 });
    for (const other of [...idle, socket]) other.destroy();
  });

  it("does not let one user end another's connection by its client id, but a client its own", async () => {
    const first = await login(broker.port, one);
    const thief = await openSocket(broker.port);
    thief.write(connectPacket({ username: "two", password, clientId: "one" }));
    assert.equal((await answer(thief))?.[3], 2);
    first.write(packet(0xc0));
    assert.equal((await answer(first))?.toString("hex"), "d000");
    const again = await login(broker.port, one);
    await closed(first);
    again.destroy();
    assert.deepEqual(broker.stats().refused, { "client-id-taken": 1 });
  });

  it("keeps no session, and says so", async () => {
    const options = { ...one, flags: 0xc0 };
    (await login(broker.port, options)).destroy();
    const socket = await openSocket(broker.port);
    socket.write(connectPacket(options));
    assert.equal((await answer(socket))?.toString("hex"), "20020000");
    socket.destroy();
  });

  it("bounds retained topics and subscriptions", async () => {
    await restart({ maxRetainedTopics: 2, maxSubscriptions: 2 });
    const publisher = await client(one);
    for (const topic of ["a/1", "a/2", "a/1"]) await publisher.publishAsync(topic, "x", { qos: 1, retain: true });
    await publisher.publishAsync("a/1", "", { qos: 1, retain: true });
    await publisher.publishAsync("a/3", "x", { qos: 1, retain: true });
    await publisher.subscribeAsync(["b1", "b2"].map((name) => `a/${name}`));
    await assert.rejects(publisher.subscribeAsync("a/b3"));
    await publisher.unsubscribeAsync("a/b1");
    await publisher.subscribeAsync("a/b3");
    const ended = new Promise<void>((resolve) => publisher.once("close", () => resolve()));
    publisher.publish("a/4", "x", { retain: true });
    await ended;
    assert.equal(broker.stats().deniedPublish, 1);
  });
});
