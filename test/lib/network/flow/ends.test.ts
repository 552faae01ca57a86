import assert from "node:assert/strict";
import type { FlowRecord } from "../../../../lib/common/network.js";
import { FlowTable } from "../../../../lib/network/flow/flow-table.js";
import { type Packet, PROTOCOL } from "../../../../lib/network/packet.js";
import { back, CLIENT, connection, flags, meter, named, packet, SERVER } from "./packets.js";

const udp = { protocol: PROTOCOL.UDP, headerLength: 8 };

function ends(packets: Iterable<Packet>, options = {}): string[] {
  return meter(packets, options).map(({ id, end }) => `${id} ${end}`);
}

describe("what ends a flow", () => {
  it("5 s without an answer to its SYN, however often that is sent", () => {
    const syn = { flags: flags("S"), sequence: 7 };
    const packets = [0, 1, 3, 5].map((time) => packet({ ...syn, time }));
    const records = meter(packets);
    assert.deepEqual(
      records.map((record) => [record.end, record.features[1]]),
      [
        ["unanswered", 3],
        ["end-of-capture", 1],
      ],
    );
  });

  it("5 minutes without a packet for TCP, 1 minute for UDP and ICMP", () => {
    const { fwd, bwd } = connection();
    const open = [fwd(0, "S"), bwd(0, "SA"), fwd(0, "A")];
    assert.deepEqual(ends([...open, fwd(299.5, "A", 1)], { interim: 0 }), ["f1 end-of-capture"]);
    assert.deepEqual(ends([...open, fwd(300, "A", 1)], { interim: 0 }), ["f1 idle", "f2 end-of-capture"]);
    assert.deepEqual(ends([packet({ ...udp }), packet({ ...udp, time: 60 })]), ["f1 idle", "f2 end-of-capture"]);
    const echo = { protocol: PROTOCOL.ICMP, sourcePort: 8, destinationPort: 0, headerLength: 8 };
    assert.deepEqual(ends([packet(echo), packet({ ...echo, time: 59 })]), ["f1 end-of-capture"]);
    assert.deepEqual(ends([packet(echo), packet({ ...echo, time: 60 })]), ["f1 idle", "f2 end-of-capture"]);
  });

  it("5 s after both sides closed, or one reset: stragglers still count, without lengthening it", () => {
    const { fwd, bwd } = connection();
    const whole = [fwd(0, "S"), bwd(0, "SA"), fwd(0, "A"), fwd(1, "FA"), bwd(2, "FA"), fwd(6.5, "A")];
    const [closed, straggler] = meter([...whole, fwd(7, "A")]);
    assert.equal(closed?.end, "closed");
    assert.deepEqual([named(closed).flow_duration, named(closed).fwd_pkts_tot, closed?.last], [2, 4, 6.5]);
    assert.equal(straggler?.end, "end-of-capture");
    const other = connection();
    const reset = [other.fwd(0, "S"), other.bwd(0, "SA"), other.fwd(0, "A"), other.bwd(1, "R")];
    assert.deepEqual(ends([...reset, other.fwd(5.5, "A"), other.fwd(6, "A")]), ["f1 reset", "f2 end-of-capture"]);
  });

  it("not the closing of one side", () => {
    const { fwd, bwd } = connection();
    const half = [fwd(0, "S"), bwd(0, "SA"), fwd(0, "A"), fwd(1, "FA"), bwd(100, "A", 10)];
    assert.deepEqual(ends(half, { interim: 0 }), ["f1 end-of-capture"]);
  });

  it("5 s after a FIN to somebody who never spoke", () => {
    assert.deepEqual(ends([packet({ flags: flags("F") }), packet({ ...udp, time: 5 })]), [
      "f1 closed",
      "f2 end-of-capture",
    ]);
  });

  it("a SYN with another sequence number, or any SYN after the close", () => {
    const { fwd, bwd } = connection();
    const syn = fwd(0, "S");
    const open = [syn, bwd(0, "SA"), fwd(0, "A")];
    assert.deepEqual(ends([...open, { ...syn, time: 1 }]), ["f1 end-of-capture"], "the same SYN again");
    assert.deepEqual(ends([...open, { ...syn, time: 1, sequence: 9 }]), ["f1 closed", "f2 end-of-capture"]);
    const closed = [...open, fwd(1, "FA"), bwd(1, "FA")];
    assert.deepEqual(ends([...closed, { ...syn, time: 2 }]), ["f1 closed", "f2 end-of-capture"]);
    assert.deepEqual(ends([...open.slice(0, 1), { ...syn, time: 1, sequence: 9 }]), [
      "f1 unanswered",
      "f2 end-of-capture",
    ]);
  });

  it("a full table: the oldest of the largest group goes, with a record", () => {
    const records: FlowRecord[] = [];
    const table = new FlowTable((record) => records.push(record), { maxFlows: 4 });
    const { fwd, bwd } = connection();
    for (const each of [fwd(0, "S"), bwd(0, "SA"), fwd(0, "A")]) table.packet(each);
    for (let port = 1; port <= 10; port++) {
      table.packet(packet({ time: 1, source: `10.9.9.${port}`, destinationPort: port, flags: flags("S") }));
      assert.ok(table.active <= 4);
    }
    assert.equal(table.evicted, 7);
    assert.deepEqual(
      records.map((record) => record.end),
      new Array(7).fill("evicted"),
    );
    assert.deepEqual(
      records.map((record) => record.responder.port),
      [1, 2, 3, 4, 5, 6, 7],
    );
    table.end();
    assert.ok(
      records.some((record) => record.handshake && record.end === "end-of-capture"),
      "the session was spared",
    );
  });

  it("interim snapshots have the flow's id and do not end it", () => {
    const records = meter(
      [0, 30, 59, 60, 61, 119, 121].map((time) => packet({ ...udp, time, payloadLength: 1 })),
      { interim: 60 },
    );
    assert.deepEqual(
      records.map(({ id, end, features }) => [id, end, features[1]]),
      [
        ["f1", "interim", 4],
        ["f1", "interim", 7],
        ["f1", "end-of-capture", 7],
      ],
    );
  });

  it("the clock alone ends flows too, a little later, and does not set the packets' clock", () => {
    const records: FlowRecord[] = [];
    const table = new FlowTable((record) => records.push(record));
    table.tick(1000);
    table.packet(packet({ time: 100, flags: flags("S") }));
    table.tick(106);
    assert.equal(records.length, 0, "packets of the last seconds may be on their way");
    table.tick(107);
    assert.deepEqual(
      records.map((record) => record.end),
      ["unanswered"],
    );
    table.packet(packet({ ...udp, time: 101 }));
    table.packet(packet({ ...udp, time: 101.5 }));
    table.end();
    assert.equal(named(records[1])["flow_iat.tot"], 500e3);
  });

  it("a clock that was set back goes on from where it stood", () => {
    const records = meter([5000, 5001, 1000, 1001, 1002.5].map((time) => packet({ ...udp, time })));
    assert.equal(records.length, 1);
    assert.equal(named(records[0])["flow_iat.tot"], 3.5e6);
    assert.deepEqual([records[0]?.start, records[0]?.last], [5000, 1002.5], "times as the capture has them");
  });

  it("a clock set back by hours goes on in its own pace, and so does one after a time from the far future", () => {
    const times = [50_000, 50_001, 4e9, 50_002, 50_003, 1000, 1001, Number.MAX_VALUE, 1002, 1003];
    const records = meter(
      times.map((time) => packet({ ...udp, time })),
      { interim: 0 },
    );
    const sum = records.reduce((packets, { features }) => packets + (features[1] ?? 0), 0);
    assert.equal(sum, times.length);
    assert.ok(records.every(({ features }) => features.every((value) => Number.isFinite(value) && value >= 0)));
  });
});

describe("who opened a flow", () => {
  const roles = (first: Packet) => {
    const [record] = meter([first]);
    return `${record?.originator.address}:${record?.originator.port} ${record?.responder.address}:${record?.responder.port}`;
  };
  const asItIs = `${CLIENT}:40000 ${SERVER}:`;

  it("the sender of the SYN, whatever the ports", () => {
    assert.equal(roles(packet({ flags: flags("S"), sourcePort: 80 })), `${CLIENT}:80 ${SERVER}:9000`);
  });

  it("the client of a likely server, where the SYN was missed", () => {
    assert.equal(roles(back({ flags: flags("SA"), destinationPort: 443 })), `${asItIs}443`);
    assert.equal(roles(back({ flags: flags("A"), destinationPort: 1883 })), `${asItIs}1883`);
    assert.equal(roles(back({ flags: flags("A"), destinationPort: 12345 })), `${SERVER}:12345 ${CLIENT}:40000`);
    assert.equal(
      roles(packet({ flags: flags("A"), sourcePort: 80, destinationPort: 443 })),
      `${SERVER}:443 ${CLIENT}:80`,
    );
    assert.equal(
      roles(packet({ flags: flags("SA"), sourcePort: 80, destinationPort: 443 })),
      `${CLIENT}:80 ${SERVER}:443`,
    );
  });

  it("for UDP too, but not of a broadcast and not between two servers", () => {
    assert.equal(roles(back({ ...udp, destinationPort: 53 })), `${asItIs}53`);
    assert.equal(
      roles(back({ ...udp, destinationPort: 53, source: "255.255.255.255" })),
      `${SERVER}:53 255.255.255.255:40000`,
    );
    assert.equal(roles(packet({ ...udp, sourcePort: 123, destinationPort: 53 })), `${CLIENT}:123 ${SERVER}:53`);
  });

  it("the sender of the SYN even if its answer was captured first", () => {
    const { fwd, bwd } = connection();
    const syn = fwd(1, "S", 0, { window: 1 });
    const synAck = bwd(0.5, "SA", 0, { window: 2 });
    const [record] = meter([synAck, syn, fwd(1.5, "A", 0, { window: 3 })]);
    assert.equal(record?.originator.address, CLIENT);
    assert.equal(record?.handshake, true);
    const { fwd_pkts_tot, bwd_pkts_tot, fwd_init_window_size, bwd_init_window_size } = named(record);
    assert.deepEqual([fwd_pkts_tot, bwd_pkts_tot, fwd_init_window_size, bwd_init_window_size], [2, 1, 1, 2]);
  });

  it("keeps the link-layer addresses of both", () => {
    const { fwd, bwd } = connection();
    const [record] = meter([
      fwd(0, "S", 0, { sourceMac: "02:00:00:00:00:02", destinationMac: "02:00:00:00:00:01" }),
      bwd(0, "SA", 0, { sourceMac: "02:00:00:00:00:03", destinationMac: "02:00:00:00:00:02" }),
    ]);
    assert.deepEqual([record?.originator.mac, record?.responder.mac], ["02:00:00:00:00:02", "02:00:00:00:00:03"]);
  });
});

describe("ICMP", () => {
  const icmp = { protocol: PROTOCOL.ICMP, headerLength: 8, payloadLength: 56 };

  it("echo request and reply are one flow, named by their types", () => {
    const records = meter([
      packet({ ...icmp, sourcePort: 8, destinationPort: 0, time: 1 }),
      packet({ ...icmp, source: SERVER, destination: CLIENT, sourcePort: 0, destinationPort: 0, time: 1.25 }),
    ]);
    assert.equal(records.length, 1);
    assert.deepEqual([records[0]?.originator.port, records[0]?.responder.port], [8, 0]);
    const { fwd_pkts_tot, bwd_pkts_tot, fwd_header_size_tot, flow_duration } = named(records[0]);
    assert.deepEqual([fwd_pkts_tot, bwd_pkts_tot, fwd_header_size_tot, flow_duration], [1, 1, 8, 0.25]);
  });

  it("neighbour discovery and router discovery of IPv6 likewise", () => {
    const six = { ...icmp, protocol: PROTOCOL.ICMPV6, network: "ipv6" as const };
    for (const [ask, answer] of [
      [135, 136],
      [133, 134],
      [128, 129],
    ] as const) {
      const records = meter([
        packet({ ...six, sourcePort: ask, destinationPort: 0 }),
        packet({ ...six, source: SERVER, destination: CLIENT, sourcePort: answer, destinationPort: 0 }),
      ]);
      assert.equal(records.length, 1, `${ask}`);
    }
  });

  it("what has no answer is by type and code, each direction for itself", () => {
    const records = meter([
      packet({ ...icmp, sourcePort: 3, destinationPort: 3 }),
      packet({ ...icmp, sourcePort: 3, destinationPort: 3, time: 1 }),
      packet({ ...icmp, source: SERVER, destination: CLIENT, sourcePort: 3, destinationPort: 3 }),
    ]);
    assert.deepEqual(
      records.map((record) => [record.originator.address, record.responder.port, record.features[1]]),
      [
        [CLIENT, 3, 2],
        [SERVER, 3, 1],
      ],
    );
  });
});

describe("the handshake", () => {
  const open = () => {
    const { fwd, bwd } = connection();
    return [fwd(0, "S"), bwd(0, "SA"), fwd(0, "A")] as const;
  };
  it("is whole only with matching numbers", () => {
    const [syn, synAck, ack] = open();
    assert.equal(meter([syn, synAck, ack])[0]?.handshake, true);
    assert.equal(meter([syn, synAck])[0]?.handshake, false);
    assert.equal(meter([syn, synAck, { ...ack, acknowledgement: 1 }])[0]?.handshake, false, "guessed");
    assert.equal(meter([syn, { ...synAck, acknowledgement: 1 }, ack])[0]?.handshake, false);
    assert.equal(meter([syn, ack])[0]?.handshake, false);
    assert.equal(meter([syn, synAck, { ...ack, flags: flags("RA") }])[0]?.handshake, false);
  });
});
