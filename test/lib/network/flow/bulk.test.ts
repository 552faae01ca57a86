import assert from "node:assert/strict";
import { connection, meter, named } from "./packets.js";

describe("bulks", () => {
  it("are five packets with payload and more, at most a second apart", () => {
    const { fwd } = connection();
    const four = [0, 0.25, 0.5, 0.75].map((time) => fwd(time, "A", 100));
    assert.equal(named(meter(four)[0]).fwd_bulk_packets, 0);
    // The first payload packet counts as a change of direction, so it begins the bulk: 5 packets, 4 pauses.
    const five = named(meter([...four, fwd(1, "A", 60)])[0]);
    assert.equal(five.fwd_bulk_packets, 5);
    assert.equal(five.fwd_bulk_bytes, 460);
    assert.equal(five.fwd_bulk_rate, 460);
  });

  it("end with a pause of a second; the columns are means per bulk and the rate is over both", () => {
    const { fwd } = connection();
    const times = [0, 0.25, 0.5, 0.75, 1, 2, 2.5, 3, 3.5, 4, 4.5];
    const record = named(meter(times.map((time, index) => fwd(time, "A", index < 5 ? 100 : 10)))[0]);
    assert.equal(record.fwd_bulk_packets, (5 + 6) / 2);
    assert.equal(record.fwd_bulk_bytes, (500 + 60) / 2);
    assert.equal(record.fwd_bulk_rate, 560 / (1 + 2.5));
  });

  it("are not ended by pure acknowledgements, whose time counts as the packet before", () => {
    const { fwd, bwd } = connection();
    const packets = [0, 0.5, 1, 1.5, 2].flatMap((time) => [
      fwd(time, "A", 10),
      bwd(time + 0.125, "A"),
      fwd(time + 0.25, "A"),
    ]);
    const record = named(meter(packets)[0]);
    assert.equal(record.fwd_bulk_packets, 5);
    assert.equal(record.fwd_bulk_rate, 50 / (4 * 0.25));
  });

  it("that the other direction ended count again at the end, if their own sends no more: FlowMeter never clears them", () => {
    const { fwd, bwd } = connection();
    const five = [0, 0.125, 0.25, 0.375, 0.5].map((time) => fwd(time, "A", 10));
    const six = [0.625, 0.75, 0.875, 1, 1.125].map((time) => fwd(time + 4, "A", 20));
    // Two bulks (10 and 20 bytes a packet), the second is ended by an answer: (50 + 100 + 100) / 3.
    const record = named(meter([...five, ...six, bwd(5.25, "A", 1)])[0]);
    assert.equal(record.fwd_bulk_bytes, 250 / 3);
    assert.equal(record.fwd_bulk_packets, 5);
    assert.equal(record.fwd_bulk_rate, 250 / 1.5);
    assert.equal(record.bwd_bulk_packets, 0);
  });

  it("that the other direction ended count once if their own direction sends payload again", () => {
    const { fwd, bwd } = connection();
    const five = [0, 0.125, 0.25, 0.375, 0.5].map((time) => fwd(time, "A", 10));
    const eight = [2, 2.125, 2.25, 2.375, 2.5, 2.625].map((time) => fwd(time, "A", 10));
    const record = named(meter([...five, bwd(0.75, "A", 1), ...eight])[0]);
    assert.equal(record.fwd_bulk_packets, 5.5);
  });

  it("of the backward direction may begin with the first payload: before it the direction counts as backward", () => {
    const { fwd, bwd } = connection();
    // The SYN-ACK is the backward packet before: its pause of 0.125 s is part of the first bulk.
    const packets = [fwd(0, "S"), bwd(0.125, "SA"), fwd(0.1875, "A")];
    const data = [0.25, 0.375, 0.5, 0.625, 0.75].map((time) => bwd(time, "A", 8));
    const record = named(meter([...packets, ...data])[0]);
    assert.equal(record.bwd_bulk_packets, 5);
    assert.equal(record.bwd_bulk_rate, 40 / (5 * 0.125));
  });

  it("an interim snapshot leaves the bulk as it is", () => {
    const { fwd } = connection();
    const packets = [0, 0.5, 1, 1.5, 2, 2.5].map((time) => fwd(time, "A", 10));
    const records = meter(packets, { interim: 2 });
    assert.deepEqual(
      records.map((record) => [record.end, named(record).fwd_bulk_packets]),
      [
        ["interim", 5],
        ["end-of-capture", 6],
      ],
    );
  });
});
