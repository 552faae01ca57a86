import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { RoomClimate } from "../../../simulator/fleet/climate.js";
import { DeviceState, makeCompromised, makeFleet } from "../../../simulator/fleet/device.js";
import { Reception } from "../../../simulator/fleet/reception.js";
import { cleanMessages, trainedTemperature, trainingCsv } from "../../../simulator/fleet/training-rows.js";

describe("fleet climate", () => {
  it("stays within normal operation and changes no faster than physics allows", () => {
    for (const levelC of [22, 27.5, 33]) {
      const room = new RoomClimate({ levelC, dayAmplitudeK: 0.8 }, new SeededRandom(levelC));
      let previous = room.read(0);
      for (let second = 1; second <= 20_000; second++) {
        const { temperature, humidity } = room.read(second * 1000);
        assert.ok(temperature >= 20 && temperature <= 35, `${temperature} °C`);
        assert.ok(humidity >= 29 && humidity <= 71, `${humidity} %`);
        assert.ok(Math.abs(temperature - previous.temperature) < 1, "jump of temperature");
        assert.ok(Math.abs(humidity - previous.humidity) < 5, "jump of humidity");
        previous = { temperature, humidity };
      }
    }
  });

  it("adds a drift to what the sensor reads, not to the room's humidity", () => {
    const [plain, drifting] = [0, 1].map(() => new RoomClimate({ levelC: 25, dayAmplitudeK: 0 }, new SeededRandom(4)));
    const [a, b] = [plain?.read(0, 0), drifting?.read(0, 10)];
    assert.ok(Math.abs((b?.temperature ?? 0) - (a?.temperature ?? 0) - 10) < 0.11);
    assert.equal(a?.humidity, b?.humidity);
  });

  it("is drier where it is warmer", () => {
    const mean = (levelC: number) => {
      const room = new RoomClimate({ levelC, dayAmplitudeK: 0 }, new SeededRandom(1));
      return Array.from({ length: 500 }, (_, i) => room.read(i * 60_000).humidity).reduce((a, b) => a + b) / 500;
    };
    assert.ok(mean(23) > mean(32) + 10);
  });
});

describe("fleet devices", () => {
  it("are the same for the same seed, and the first ones do not change with their number", () => {
    assert.deepEqual(makeFleet({ devices: 12, seed: 5 }), makeFleet({ devices: 12, seed: 5 }));
    assert.deepEqual(makeFleet({ devices: 20, seed: 5 }).slice(0, 12), makeFleet({ devices: 12, seed: 5 }));
    assert.notDeepEqual(makeFleet({ devices: 12, seed: 6 }), makeFleet({ devices: 12, seed: 5 }));
  });

  it("stay in their rooms whatever the seed, and another site has others", () => {
    const rooms = (seed: number, prefix = "") => makeFleet({ devices: 12, seed, prefix }).map(({ levelC }) => levelC);
    assert.deepEqual(rooms(1), rooms(2));
    assert.notDeepEqual(rooms(1), rooms(1, "west-"));
    for (const prefix of ["", "west-", "x"]) {
      const levels = rooms(1, prefix).sort((a, b) => a - b);
      assert.ok((levels[0] ?? 0) >= 22 && (levels[0] ?? 0) < 23.5);
      assert.ok((levels[11] ?? 0) > 31.5 && (levels[11] ?? 0) <= 33);
    }
  });

  it("have names and topics of their own, also those that attackers hold", () => {
    const devices = [
      ...makeFleet({ devices: 60, seed: 1, prefix: "east-" }),
      ...makeCompromised(20, 1, { prefix: "east-", run: "0" }),
    ];
    assert.equal(new Set(devices.map(({ id }) => id)).size, 80);
    for (const { id, topic } of devices) {
      assert.match(id, /^east-/);
      assert.equal(topic, `iot/devices/${id}/data`);
    }
    assert.deepEqual([...new Set(devices.map(({ profile }) => profile))].sort(), ["aes-gcm-json", "fernet"]);
  });

  it("count their messages, from the clock at their start, and give no label away", () => {
    const [device] = makeFleet({ devices: 1, seed: 1 });
    assert.ok(device);
    const at = Date.UTC(2026, 5, 1);
    const state = new DeviceState(device, 1);
    const first = state.payload(at, state.read(at));
    const second = state.payload(at + 1000, state.read(at + 1000));
    assert.equal(second.sequence_no, first.sequence_no + 1);
    const restarted = new DeviceState(device, 1);
    assert.ok(restarted.payload(at + 1_000_000, restarted.read(at)).sequence_no > second.sequence_no);
    const members = ["device_id", "humidity", "message_rate", "sequence_no", "temperature", "timestamp"];
    assert.deepEqual(Object.keys(first).sort(), members);
  });
});

describe("training rows of a clean fleet", () => {
  const options = { devices: 4, rateHz: 1, durationSec: 300, seed: 2 };

  it("are the same for the same seed, in order of time, one per device and second", () => {
    const lines = [...trainingCsv(options)];
    assert.deepEqual([...trainingCsv(options)], lines);
    assert.equal(lines[0], "timestamp,device_id,temperature,humidity,message_rate,inter_arrival,payload_size\n");
    const times = lines.slice(1).map((line) => line.slice(0, 24));
    assert.deepEqual([...times].sort(), times);
    assert.ok(Math.abs(times.length - 1200) < 60, `${times.length} rows`);
  });

  it("hold what the receiver measures", () => {
    const rows = [...cleanMessages(options)].filter(({ deviceId }) => deviceId === "sensor-temp-01").slice(1);
    for (const { cells, climate } of rows) {
      const [temperature, humidity, rate, interArrival, size] = cells.map(Number);
      assert.deepEqual([temperature, humidity], [climate.temperature, climate.humidity]);
      assert.ok((rate ?? 0) >= 1 && (rate ?? 0) <= 5);
      assert.ok((interArrival ?? 0) >= 0 && (interArrival ?? 0) < 4);
      assert.ok((size ?? 0) > 100 && (size ?? 0) < 400);
    }
  });

  it("arrive as messages do: mostly in time, some late and together, a few not at all", () => {
    const reception = new Reception(0, new SeededRandom(3));
    const sent = Array.from({ length: 100_000 }, (_, i) => i * 100);
    const arrivals = sent.map((at) => reception.arrivalOf(at));
    const lost = arrivals.filter((at) => at === undefined).length;
    assert.ok(lost > 20 && lost < 100, `${lost} lost`);
    const delays = arrivals.flatMap((at, i) => (at === undefined ? [] : [at - (sent[i] ?? 0)])).sort((a, b) => a - b);
    assert.ok((delays[50_000] ?? 0) < 10);
    assert.ok((delays.at(-1) ?? 0) > 500 && (delays.at(-1) ?? 0) <= 2010, `longest ${delays.at(-1)} ms`);
    const known = arrivals.filter((at) => at !== undefined);
    assert.deepEqual(
      [...known].sort((a, b) => a - b),
      known,
    );
  });

  it("tell the mean and the spread of the temperatures", () => {
    const { meanC, sdC } = trainedTemperature(12, 1);
    assert.ok(meanC > 22 && meanC < 33, String(meanC));
    assert.ok(sdC > 1 && sdC < 6, String(sdC));
  });
});
