// Flows small enough to be worked out by hand from the definitions; each names all 79 columns.
import assert from "node:assert/strict";
import { PROTOCOL } from "../../../../lib/network/packet.js";
import { assertColumns, back, connection, flags, meter, named, packet } from "./packets.js";

describe("flow columns worked out by hand", () => {
  it("a single SYN: no duration, no rates, no pauses", () => {
    const records = meter([packet({ time: 100, flags: flags("S"), window: 1024, headerLength: 24 })]);
    assert.equal(records.length, 1);
    assertColumns(records[0], {
      fwd_pkts_tot: 1,
      fwd_header_size_tot: 24,
      fwd_header_size_min: 24,
      fwd_header_size_max: 24,
      flow_SYN_flag_count: 1,
      fwd_subflow_pkts: 1,
      fwd_init_window_size: 1024,
      fwd_last_window_size: 1024,
    });
  });

  it("handshake, request, answer and close: the duration ends with the second FIN", () => {
    const { fwd, bwd } = connection();
    const records = meter([
      fwd(10, "S", 0, { headerLength: 40, window: 64240 }),
      bwd(10.25, "SA", 0, { headerLength: 40, window: 65160 }),
      fwd(10.5, "A", 0, { window: 502 }),
      fwd(10.5, "PA", 100, { window: 502 }),
      bwd(10.75, "PA", 300, { window: 509 }),
      fwd(11, "FA", 0, { window: 501 }),
      bwd(11.25, "FA", 0, { window: 509 }),
      fwd(11.5, "A", 0, { window: 500 }),
    ]);
    assert.equal(records.length, 1);
    assert.equal(records[0]?.handshake, true);
    const forwardPause = (500e3 + 0 + 500e3 + 500e3) / 4;
    const forwardSquares = 3 * (500e3 - forwardPause) ** 2 + forwardPause ** 2;
    const flowMean = 1.5e6 / 7;
    assertColumns(records[0], {
      flow_duration: 1.25,
      fwd_pkts_tot: 5,
      bwd_pkts_tot: 3,
      fwd_data_pkts_tot: 1,
      bwd_data_pkts_tot: 1,
      fwd_pkts_per_sec: 4,
      bwd_pkts_per_sec: 2.4,
      flow_pkts_per_sec: 6.4,
      down_up_ratio: 0.6,
      fwd_header_size_tot: 120,
      fwd_header_size_min: 20,
      fwd_header_size_max: 40,
      bwd_header_size_tot: 80,
      bwd_header_size_min: 20,
      bwd_header_size_max: 40,
      flow_FIN_flag_count: 2,
      flow_SYN_flag_count: 2,
      fwd_PSH_flag_count: 1,
      bwd_PSH_flag_count: 1,
      flow_ACK_flag_count: 7,
      "fwd_pkts_payload.max": 100,
      "fwd_pkts_payload.tot": 100,
      "fwd_pkts_payload.avg": 20,
      "fwd_pkts_payload.std": Math.sqrt((4 * 20 ** 2 + 80 ** 2) / 4),
      "bwd_pkts_payload.max": 300,
      "bwd_pkts_payload.tot": 300,
      "bwd_pkts_payload.avg": 100,
      "bwd_pkts_payload.std": Math.sqrt((2 * 100 ** 2 + 200 ** 2) / 2),
      "flow_pkts_payload.max": 300,
      "flow_pkts_payload.tot": 400,
      "flow_pkts_payload.avg": 50,
      "flow_pkts_payload.std": Math.sqrt((6 * 50 ** 2 + 50 ** 2 + 250 ** 2) / 7),
      "fwd_iat.max": 500e3,
      "fwd_iat.tot": 1.5e6,
      "fwd_iat.avg": forwardPause,
      "fwd_iat.std": Math.sqrt(forwardSquares / 3),
      "bwd_iat.min": 500e3,
      "bwd_iat.max": 500e3,
      "bwd_iat.tot": 1e6,
      "bwd_iat.avg": 500e3,
      "flow_iat.max": 250e3,
      "flow_iat.tot": 1.5e6,
      "flow_iat.avg": flowMean,
      "flow_iat.std": Math.sqrt((6 * (250e3 - flowMean) ** 2 + flowMean ** 2) / 6),
      payload_bytes_per_second: 320,
      fwd_subflow_pkts: 5,
      bwd_subflow_pkts: 3,
      fwd_subflow_bytes: 100,
      bwd_subflow_bytes: 300,
      "active.min": 1.5e6,
      "active.max": 1.5e6,
      "active.tot": 1.5e6,
      "active.avg": 1.5e6,
      fwd_init_window_size: 64240,
      bwd_init_window_size: 65160,
      fwd_last_window_size: 500,
    });
  });

  it("a refused connection", () => {
    const { fwd, bwd } = connection();
    const records = meter([
      fwd(20, "S", 0, { window: 512 }),
      bwd(20.5, "RA"),
      packet({ time: 40, destinationPort: 9999, flags: flags("S") }),
    ]);
    assert.equal(records[0]?.end, "reset");
    assert.equal(records[0]?.handshake, false);
    assertColumns(records[0], {
      flow_duration: 0.5,
      fwd_pkts_tot: 1,
      bwd_pkts_tot: 1,
      fwd_pkts_per_sec: 2,
      bwd_pkts_per_sec: 2,
      flow_pkts_per_sec: 4,
      down_up_ratio: 1,
      fwd_header_size_tot: 20,
      fwd_header_size_min: 20,
      fwd_header_size_max: 20,
      bwd_header_size_tot: 20,
      bwd_header_size_min: 20,
      bwd_header_size_max: 20,
      flow_SYN_flag_count: 1,
      flow_RST_flag_count: 1,
      flow_ACK_flag_count: 1,
      "flow_iat.min": 500e3,
      "flow_iat.max": 500e3,
      "flow_iat.tot": 500e3,
      "flow_iat.avg": 500e3,
      fwd_subflow_pkts: 1,
      bwd_subflow_pkts: 1,
      "active.min": 500e3,
      "active.max": 500e3,
      "active.tot": 500e3,
      "active.avg": 500e3,
      fwd_init_window_size: 512,
      fwd_last_window_size: 512,
    });
  });

  it("a UDP request and its answer: headers of 8 bytes, no flags, no windows", () => {
    const udp = { protocol: PROTOCOL.UDP, destinationPort: 53, headerLength: 8 };
    const records = meter([
      packet({ ...udp, time: 5, payloadLength: 30 }),
      back({ ...udp, time: 5.125, payloadLength: 120 }),
    ]);
    assert.equal(records[0]?.protocol, "udp");
    assertColumns(records[0], {
      flow_duration: 0.125,
      fwd_pkts_tot: 1,
      bwd_pkts_tot: 1,
      fwd_data_pkts_tot: 1,
      bwd_data_pkts_tot: 1,
      fwd_pkts_per_sec: 8,
      bwd_pkts_per_sec: 8,
      flow_pkts_per_sec: 16,
      down_up_ratio: 1,
      fwd_header_size_tot: 8,
      fwd_header_size_min: 8,
      fwd_header_size_max: 8,
      bwd_header_size_tot: 8,
      bwd_header_size_min: 8,
      bwd_header_size_max: 8,
      "fwd_pkts_payload.min": 30,
      "fwd_pkts_payload.max": 30,
      "fwd_pkts_payload.tot": 30,
      "fwd_pkts_payload.avg": 30,
      "bwd_pkts_payload.min": 120,
      "bwd_pkts_payload.max": 120,
      "bwd_pkts_payload.tot": 120,
      "bwd_pkts_payload.avg": 120,
      "flow_pkts_payload.min": 30,
      "flow_pkts_payload.max": 120,
      "flow_pkts_payload.tot": 150,
      "flow_pkts_payload.avg": 75,
      "flow_pkts_payload.std": Math.sqrt(2 * 45 ** 2),
      "flow_iat.min": 125e3,
      "flow_iat.max": 125e3,
      "flow_iat.tot": 125e3,
      "flow_iat.avg": 125e3,
      payload_bytes_per_second: 1200,
      fwd_subflow_pkts: 1,
      bwd_subflow_pkts: 1,
      fwd_subflow_bytes: 30,
      bwd_subflow_bytes: 120,
      "active.min": 125e3,
      "active.max": 125e3,
      "active.tot": 125e3,
      "active.avg": 125e3,
    });
  });

  it("idle and active phases and subflows: pauses of 0.5, 2, 6, 0.25, 7 and 1 s", () => {
    const udp = { protocol: PROTOCOL.UDP, headerLength: 8 };
    const times = [100, 100.5, 102.5, 108.5, 108.75, 115.75, 116.75];
    const record = named(meter(times.map((time) => packet({ ...udp, time, payloadLength: 12 })))[0]);
    // Active: 0.5 + 2 s, 0.25 s, and 1 s at the end; subflows begin after 2, 6 and 7 s: exactly 1 s is not more.
    assert.equal(record["active.min"], 250e3);
    assert.equal(record["active.max"], 2.5e6);
    assert.equal(record["active.tot"], 3.75e6);
    assert.equal(record["active.avg"], 1.25e6);
    const near = (actual: number, expected: number) => assert.ok(Math.abs(actual / expected - 1) < 1e-12);
    near(record["active.std"], Math.sqrt((1.25e6 ** 2 + 1e6 ** 2 + 250e3 ** 2) / 2));
    assert.deepEqual([record["idle.min"], record["idle.max"], record["idle.tot"]], [6e6, 7e6, 13e6]);
    near(record["idle.std"], Math.sqrt(0.5) * 1e6);
    assert.equal(record.fwd_subflow_pkts, 7 / 4);
    assert.equal(record.fwd_subflow_bytes, 84 / 4);
    assert.equal(record.flow_duration, 16.75);
  });

  it("a phase of one packet is none: pauses of 6 and 6 s", () => {
    const udp = { protocol: PROTOCOL.UDP, headerLength: 8 };
    const record = named(meter([0, 6, 12].map((time) => packet({ ...udp, time })))[0]);
    assert.deepEqual([record["active.tot"], record["idle.tot"], record["idle.avg"]], [0, 12e6, 6e6]);
  });

  it("an ECN handshake: the columns CWR and ECE hold each other's counts", () => {
    const { fwd, bwd } = connection();
    const record = named(meter([fwd(1, "SEC"), bwd(1.5, "SEA"), fwd(2, "A")])[0]);
    assert.equal(record.flow_CWR_flag_count, 2, "two packets with ECE");
    assert.equal(record.flow_ECE_flag_count, 1, "one packet with CWR");
  });

  it("URG and PSH by direction", () => {
    const { fwd, bwd } = connection();
    const record = named(meter([fwd(1, "FPU"), bwd(1.5, "RAPU"), bwd(1.75, "P")])[0]);
    assert.deepEqual([record.fwd_URG_flag_count, record.bwd_URG_flag_count], [1, 1]);
    assert.deepEqual([record.fwd_PSH_flag_count, record.bwd_PSH_flag_count], [1, 2]);
  });

  it("between equal addresses every packet is forward, although the ports differ", () => {
    const { fwd, bwd } = connection({ source: "127.0.0.1", destination: "127.0.0.1", destinationPort: 1883 });
    const records = meter([
      fwd(1, "S", 0, { window: 7 }),
      bwd(1.5, "SA", 0, { window: 8 }),
      fwd(2, "A", 0, { window: 9 }),
    ]);
    assert.equal(records.length, 1);
    const record = named(records[0]);
    assert.deepEqual([record.fwd_pkts_tot, record.bwd_pkts_tot, record.down_up_ratio], [3, 0, 0]);
    assert.deepEqual(
      [record.fwd_init_window_size, record.bwd_init_window_size, record.fwd_last_window_size],
      [7, 0, 9],
    );
    assert.equal(records[0]?.handshake, true, "the state of the connection does look at the ports");
  });

  it("a retransmission and a segment out of order count like any packet", () => {
    const { fwd, bwd } = connection();
    const first = fwd(2, "PA", 50);
    const second = fwd(2.75, "PA", 70);
    const records = meter([
      fwd(1, "S"),
      bwd(1.25, "SA"),
      fwd(1.5, "A"),
      { ...second, time: 2 },
      { ...first, time: 2.25 },
      { ...first, time: 2.5 },
    ]);
    assert.equal(records.length, 1);
    const record = named(records[0]);
    assert.equal(record["fwd_pkts_payload.tot"], 170);
    assert.equal(record.fwd_data_pkts_tot, 3);
    assert.equal(record["fwd_iat.tot"], 1.5e6);
  });

  it("a packet older than the one before has no pause, and none is negative", () => {
    const udp = { protocol: PROTOCOL.UDP, headerLength: 8 };
    const record = named(meter([10, 11, 10.5, 12].map((time) => packet({ ...udp, time })))[0]);
    assert.deepEqual([record["flow_iat.min"], record["flow_iat.max"], record["flow_iat.tot"]], [0, 1e6, 2e6]);
    assert.equal(record.flow_duration, 2);
  });
});
