import { arpFrame, type Host, udpFrame } from "./frames.js";
import { mqttConnack, mqttConnect, mqttDisconnect, mqttPublish } from "./mqtt-bytes.js";
import { Talk, type Traffic } from "./traffic.js";

const host = (last: number): Host => ({
  address: `192.168.77.${last}`,
  mac: `02:00:00:00:77:${last.toString(16).padStart(2, "0")}`,
});

/** Nobody lives at these addresses; the router's card answers for what lies beyond it (RFC 5737). */
const beyond = (address: string): Host => ({ address, mac: host(1).mac });

export const HOUSE = {
  router: host(1),
  hub: host(10),
  sensors: [21, 22, 23, 24].map(host),
  laptop: host(30),
  phone: host(31),
  printer: host(40),
  /** The machine that attacks. */
  guest: host(66),
};

const SITES = ["198.51.100.10", "198.51.100.24", "203.0.113.80"].map(beyond);
const TIME_SERVER = beyond("203.0.113.123");
const MDNS: Host = { address: "224.0.0.251", mac: "01:00:5e:00:00:fb" };
const PORT = { dns: 53, ntp: 123, mqtt: 1883, https: 443, mdns: 5353 };

function askName(traffic: Traffic, who: Host, time: number): void {
  const port = traffic.port();
  const question = Buffer.concat([
    traffic.bytes(2),
    Buffer.from("010000010000000000000765786d61706c6503636f6d0000010001", "hex"),
  ]);
  const answer = Buffer.from(question);
  answer.writeUInt16BE(0x8180, 2);
  traffic.add(time, udpFrame(who, port, HOUSE.router, PORT.dns, question));
  traffic.add(time + 0.012, udpFrame(HOUSE.router, PORT.dns, who, port, Buffer.concat([answer, traffic.bytes(16)])));
}

function browse(traffic: Traffic, who: Host, time: number): void {
  askName(traffic, who, time);
  const site = SITES[traffic.random.integer(SITES.length)]!;
  // Records of TLS: a handshake, then data that nobody can read.
  const record = (type: number, length: number) => {
    return Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 255]), traffic.bytes(length)]);
  };
  const talk = new Talk(traffic, who, site, PORT.https, time + 0.03);
  talk.exchange(record(22, 512), record(22, 2500));
  for (let i = 1 + traffic.random.integer(3); i > 0; i--) {
    talk.exchange(record(23, 200 + traffic.random.integer(400)), record(23, 600 + traffic.random.integer(6000)));
    talk.wait(0.1 * traffic.random.uniform());
  }
  talk.close();
}

function report(traffic: Traffic, sensor: Host, time: number): void {
  const name = `sensor-${sensor.address.split(".").at(-1)}`;
  const reading = JSON.stringify({ device_id: name, temperature: Math.round(traffic.random.gaussian(220, 4)) / 10 });
  new Talk(traffic, sensor, HOUSE.hub, PORT.mqtt, time)
    .exchange(mqttConnect(name, name, "its own password"), mqttConnack(0))
    .exchange(mqttPublish(`home/${name}/data`, reading), Buffer.alloc(0))
    .exchange(mqttDisconnect(), Buffer.alloc(0))
    .close();
}

function setClock(traffic: Traffic, time: number): void {
  const ask = Buffer.alloc(48);
  ask[0] = 0x23;
  const answer = Buffer.alloc(48);
  answer[0] = 0x24;
  traffic.add(time, udpFrame(HOUSE.hub, PORT.ntp, TIME_SERVER, PORT.ntp, ask));
  traffic.add(time + 0.03, udpFrame(TIME_SERVER, PORT.ntp, HOUSE.hub, PORT.ntp, answer));
}

/** What goes on in a house when nothing is wrong. @param start seconds since the Unix epoch. */
export function ordinaryTraffic(traffic: Traffic, start: number, seconds: number): void {
  const { random } = traffic;
  // Everything has ended before the piece does.
  const moment = () => start + random.uniform() * Math.max(0, seconds - 1.5);
  const times = (perSecond: number) => Math.floor(perSecond * seconds + random.uniform());
  for (const sensor of HOUSE.sensors) for (let i = times(0.2); i > 0; i--) report(traffic, sensor, moment());
  for (const who of [HOUSE.laptop, HOUSE.phone]) for (let i = times(0.4); i > 0; i--) browse(traffic, who, moment());
  for (let i = times(0.05); i > 0; i--) setClock(traffic, moment());
  for (let i = times(0.1); i > 0; i--) {
    const time = moment();
    traffic.add(time, arpFrame(1, HOUSE.laptop, HOUSE.router));
    traffic.add(time + 0.001, arpFrame(2, HOUSE.router, HOUSE.laptop));
  }
  for (let i = times(0.1); i > 0; i--) {
    const announced = Buffer.concat([Buffer.from("000084000000000100000000", "hex"), traffic.bytes(40)]);
    traffic.add(moment(), udpFrame(HOUSE.printer, PORT.mdns, MDNS, PORT.mdns, announced));
  }
}
