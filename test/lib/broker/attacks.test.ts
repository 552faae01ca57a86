// The broker as its own process, attacked over real sockets.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { requireOnMachine } from "../../setup.js";
import { AttackedBroker, RAW_TOPIC } from "../../support/attacked-broker.js";
import { connectPacket, publishPacket, subscribePacket } from "../../support/mqtt-bytes.js";
import { closed, login, openSocket } from "../../support/mqtt-sockets.js";

describe("Attacks on the embedded broker", () => {
  let attacked: AttackedBroker | undefined;

  afterEach(async () => {
    await attacked?.stop();
    attacked = undefined;
  });

  it("does not grow by clients that never log in: huge, slow and idle CONNECTs", async function () {
    requireOnMachine(this, existsSync("/proc/self/status"), "/proc (Linux)");
    attacked = await AttackedBroker.start();
    const growth = await attacked.attackBeforeLogin(1);
    console.log(`      peak memory grew by ${(growth / 1024 / 1024).toFixed(1)} MB`);
  });

  it("survives 2,000 mutated packets before and after login, and serves on", async () => {
    attacked = await AttackedBroker.start({ limits: { loopbackConnectsPerSecond: 10_000, loopbackSockets: 1000 } });
    const { broker } = attacked;
    const random = new SeededRandom(20_260_131);
    const mutate = (bytes: Buffer): Buffer => {
      const copy = Buffer.from(bytes);
      const at = random.integer(copy.length);
      switch (random.integer(4)) {
        case 0:
          copy[at] = random.integer(256);
          return copy;
        case 1:
          return copy.subarray(0, at);
        case 2:
          return Buffer.concat([copy.subarray(0, at), Buffer.from([random.integer(256)]), copy.subarray(at)]);
        default:
          return Buffer.concat([copy.subarray(at), copy.subarray(0, at)]);
      }
    };
    const rack = { ...broker.accounts["rack-1"], clientId: "rack-1" };
    // Damaged passwords lock the name they come with: not the one that the second half logs in as.
    const victim = { ...broker.accounts["rack-2"], clientId: "rack-2" };
    const packets = [
      publishPacket(RAW_TOPIC, "x".repeat(100)),
      publishPacket(RAW_TOPIC, "y", 1),
      subscribePacket(RAW_TOPIC),
      Buffer.from("c000", "hex"),
      Buffer.from("a20d0001000964632f746573742f31", "hex"),
      Buffer.from("62020001", "hex"),
    ];
    const ended: Promise<void>[] = [];
    const finish = (socket: Socket) => {
      socket.end();
      ended.push(closed(socket));
    };
    let mutations = 0;
    while (mutations < 500) {
      const socket = await openSocket(broker.port);
      socket.write(mutate(connectPacket({ ...victim, will: { topic: RAW_TOPIC, payload: "w" } })));
      mutations++;
      finish(socket);
    }
    let logins = 0;
    while (mutations < 2000) {
      const socket = await login(broker.port, { ...rack, clientId: `rack-1-${logins++ % 50}` });
      for (let i = 0; i < 12; i++, mutations++) {
        if (!socket.destroyed) socket.write(mutate(packets[random.integer(packets.length)] as Buffer));
      }
      finish(socket);
    }
    await Promise.all(ended);
    assert.equal(broker.process.child.exitCode, null);
    await attacked.stillServes();
  });
});
