import assert from "node:assert/strict";
import { THRESHOLDS } from "../../../../lib/network/detect/thresholds.js";
import { type Packet, TCP } from "../../../../lib/network/packet.js";
import { ATTACKER, began, crosses, detect, times } from "../../../support/detections.js";
import { connectPacket, packet, publishPacket, subscribePacket } from "../../../support/mqtt-bytes.js";
import { Conversation, START, tcp } from "../../../support/packets.js";

const VICTIM = "10.77.0.1";
const ends = (destinationPort: number, sourcePort = 50_000, destination = VICTIM) => ({
  source: ATTACKER,
  destination,
  sourcePort,
  destinationPort,
});

describe("MQTT detectors at their thresholds", () => {
  const broker = (i: number, at: number, ...client: Buffer[]): Packet[] => {
    const c = new Conversation(ends(1883, 30_000 + i), i * 10);
    const [connect = Buffer.alloc(0), ...rest] = client;
    return [
      ...c.open(at),
      c.say(at + 0.01, connect),
      c.answer(at + 0.02, Buffer.from([0x20, 2, 0, 0])),
      ...rest.map((bytes, n) => c.say(at + 0.03 + n / 1000, bytes)),
    ];
  };

  it("guessed MQTT passwords", () => {
    const guess = (count: number) =>
      times(count, (i) => {
        const c = new Conversation(ends(1883, 30_000 + i), i);
        const at = START + i / 10;
        const login = connectPacket({ username: "admin", password: `pass${i}` });
        return [
          ...c.open(at),
          c.say(at + 0.01, login),
          c.answer(at + 0.02, Buffer.from([0x20, 2, 0, 4])),
          ...c.close(at + 0.03),
        ];
      });
    const alert = crosses("mqtt-brute-force", guess, THRESHOLDS["mqtt-brute-force"].count);
    assert.ok(!JSON.stringify(alert).includes("pass"));
  });

  it("MQTT floods of connections and of messages", () => {
    const closed = (count: number) =>
      times(count, (i) => {
        const c = new Conversation(ends(1883, 30_000 + i), i * 10);
        return [
          ...c.open(START + i / 100),
          c.say(START + i / 100 + 0.005, connectPacket()),
          ...c.close(START + i / 100 + 0.009),
        ];
      });
    const open = (count: number) =>
      times(count, (i) => broker(i, START + i / 200, connectPacket({ clientId: `c${i}` })));
    crosses("mqtt-connect-flood", closed, THRESHOLDS["mqtt-connect-flood"].count);
    crosses(
      "mqtt-connect-flood",
      // What stays open counts for a tenth: the last of them is still without a tenth more.
      (count) => [...open(count), tcp(START + 9.5, ends(9), TCP.SYN)],
      10 * THRESHOLDS["mqtt-connect-flood"].count,
    );
    const message = publishPacket("home/flood", "x");
    crosses(
      "mqtt-publish-flood",
      (count) => broker(1, START, connectPacket(), ...times(count, () => message)),
      THRESHOLDS["mqtt-publish-flood"].count,
    );
  });

  it("floods of refused logins that guess nothing, and messages shared out among connections", () => {
    const same = (count: number) =>
      times(count, (i) => {
        const c = new Conversation(ends(1883, 30_000 + i), i);
        const at = START + i / 50;
        const login = connectPacket({ clientId: `c${i}` });
        return [
          ...c.open(at),
          c.say(at + 0.001, login),
          c.answer(at + 0.002, Buffer.from([0x20, 2, 0, 5])),
          ...c.close(at + 0.003),
        ];
      });
    // The first refusal of a credential might have been a mistake.
    crosses("mqtt-connect-flood", same, THRESHOLDS["mqtt-connect-flood"].count + 1);
    const shared = times(20, (i) =>
      broker(i, START + i / 100, connectPacket(), ...times(800, () => publishPacket("a", "x"))),
    );
    assert.deepEqual(began(detect(shared)), [`mqtt-publish-flood ${ATTACKER}`]);
  });

  it("a flood and a subscription to everything on a session that began before the capture, whose rest is no fault", () => {
    const c = new Conversation(ends(1883));
    const running = times(3000, (i) => c.say(START + i / 1000, publishPacket("a", "x")));
    assert.deepEqual(began(detect(running)), [`mqtt-publish-flood ${ATTACKER}`]);
    assert.deepEqual(began(detect([c.say(START, subscribePacket("#"))])), [`mqtt-wildcard ${ATTACKER}`]);
    const middles = times(50, (i) => new Conversation(ends(1883, 30_000 + i)).say(START + i, Buffer.alloc(40, 0xf1)));
    assert.deepEqual(began(detect(middles)), []);
  });

  it("malformed MQTT, also when the first bytes are no CONNECT", () => {
    const wrong = [connectPacket({ flags: 0x03 }), packet(0xf0), Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f])];
    crosses("mqtt-malformed", (count) => wrong.slice(0, count).flatMap((bytes, i) => broker(i, START + i, bytes)), 3);
    const text = times(10, (i) => broker(i, START + i, Buffer.from("GET / HTTP/1.1\r\n\r\n")));
    assert.deepEqual(began(detect(text)), []);
  });

  it("a subscription to everything, unless its client may", () => {
    for (const filter of ["#", "+/#", "$share/x/#"]) {
      const packets = broker(1, START, connectPacket({ clientId: "spy" }), subscribePacket(filter));
      assert.deepEqual(began(detect(packets)), [`mqtt-wildcard ${ATTACKER}`]);
      assert.deepEqual(detect(packets, { exemptions: [{ clientId: "spy", kinds: ["mqtt-wildcard"] }] }), []);
    }
    for (const filter of ["home/#", "+", "$SYS/#", "+/state"]) {
      assert.deepEqual(detect(broker(1, START, connectPacket(), subscribePacket(filter))), []);
    }
  });

  it("MQTT connections held in silence, and CONNECTs that never end", () => {
    const held = (keepalive: number) => (count: number) => [
      ...times(count, (i) => broker(i, START + i, connectPacket({ keepalive }))),
      tcp(START + count + 6, ends(9), TCP.SYN),
    ];
    crosses("mqtt-slow", held(65_535), THRESHOLDS["mqtt-slow"].count);
    assert.deepEqual(began(detect(held(60)(50))), []);
    const partial = (count: number) => [
      ...times(count, (i) => broker(i, START + i, connectPacket().subarray(0, 9))),
      tcp(START + count + 6, ends(9), TCP.SYN),
    ];
    crosses("mqtt-slow", partial, THRESHOLDS["mqtt-slow"].count);
  });
});
