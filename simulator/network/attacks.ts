import { TCP_FLAGS, tcpFrame } from "./frames.js";
import { HOUSE } from "./house.js";
import { mqttConnack, mqttConnect } from "./mqtt-bytes.js";
import { Talk, type Traffic } from "./traffic.js";

export const HOUSE_ATTACKS = ["scan", "guessing"] as const;
export type HouseAttack = (typeof HOUSE_ATTACKS)[number];

const PORTS = 80;
const GUESSES = 24;
const SPACING_S = 0.02;

/** The guest tries ports of the hub with half-open connections, as nmap -sS does; all are closed. */
function scan(traffic: Traffic, start: number): void {
  const sourcePort = traffic.port();
  for (let i = 0; i < PORTS; i++) {
    const time = start + i * SPACING_S;
    const destinationPort = 1 + traffic.random.integer(1024);
    const sequence = traffic.random.uint32();
    const ports = { sourcePort, destinationPort };
    const { SYN, RST, ACK } = TCP_FLAGS;
    const syn = { ...ports, flags: SYN, sequence, acknowledgement: 0, hasOptions: false };
    traffic.add(time, tcpFrame(HOUSE.guest, HOUSE.hub, syn));
    const back = { sourcePort: destinationPort, destinationPort: sourcePort };
    const refusal = { ...back, flags: RST | ACK, sequence: 0, acknowledgement: (sequence + 1) >>> 0 };
    traffic.add(time + 0.0005, tcpFrame(HOUSE.hub, HOUSE.guest, refusal));
  }
}

/** The guest guesses passwords of the hub's MQTT broker. */
function guess(traffic: Traffic, start: number): void {
  for (let i = 0; i < GUESSES; i++) {
    new Talk(traffic, HOUSE.guest, HOUSE.hub, 1883, start + 4 * i * SPACING_S)
      .exchange(mqttConnect(`guest-${i}`, "admin", `password${i}`), mqttConnack(5))
      .close();
  }
}

export function attack(name: HouseAttack, traffic: Traffic, start: number): void {
  if (name === "scan") scan(traffic, start);
  else guess(traffic, start);
}
