// MQTT devices as houses have them: `node normal-fleet.js URL USER PASSWORD SEED`. Runs until it is ended.
import { connect, connectAsync, type MqttClient } from "mqtt";
import { SeededRandom } from "../../../lib/common/seeded-random.js";

const [, , url = "", username = "", password = "", seed = "1"] = process.argv;
const random = new SeededRandom(Number(seed));
const seconds = (low: number, high: number) => 1000 * (low + random.uniform() * (high - low));

interface Device {
  name: string;
  everySec: number;
  keepalive: number;
  qos: 0 | 1 | 2;
  /** It reconnects after about so long, as battery devices do; 0 keeps the connection. */
  sessionSec: number;
  bytes: number;
}

const DEVICES: Device[] = [
  { name: "thermostat", everySec: 2, keepalive: 15, qos: 1, sessionSec: 0, bytes: 80 },
  { name: "meter", everySec: 0.2, keepalive: 30, qos: 0, sessionSec: 0, bytes: 120 },
  { name: "button", everySec: 20, keepalive: 5, qos: 1, sessionSec: 0, bytes: 20 },
  { name: "window", everySec: 3, keepalive: 20, qos: 1, sessionSec: 8, bytes: 30 },
  { name: "soil", everySec: 1, keepalive: 60, qos: 2, sessionSec: 15, bytes: 60 },
  { name: "camera", everySec: 10, keepalive: 30, qos: 0, sessionSec: 45, bytes: 40_000 },
];

const HUB_MESSAGES = 600;
const HUB_DEVICES = 50;
const LAMPS = 40;

function run(device: Device): void {
  const topic = `home/${device.name}`;
  const { keepalive, qos } = device;
  const will = { topic: `${topic}/online`, payload: Buffer.from("0"), retain: true };
  const client = connect(url, { username, password, clientId: device.name, keepalive, will, reconnectPeriod: 1000 });
  const timer = setInterval(
    () => client.connected && client.publish(`${topic}/state`, "1".repeat(device.bytes), { qos }),
    device.everySec * 1000,
  );
  client.on("error", () => {});
  client.on("connect", () => client.subscribe(`${topic}/set`, { qos: 1 }));
  if (device.sessionSec === 0) return;
  setTimeout(() => leave(client, timer, device), seconds(0.7 * device.sessionSec, 1.3 * device.sessionSec));
}

/** Half of the time it says good-bye; otherwise it is out of reach all at once. */
function leave(client: MqttClient, timer: NodeJS.Timeout, device: Device): void {
  clearInterval(timer);
  if (random.uniform() < 0.5) client.end();
  else {
    client.stream.destroy();
    client.end(true);
  }
  setTimeout(() => run(device), seconds(0.5, 4));
}

/** A hub that starts: it tells about all of its devices at once. */
async function startHub(): Promise<void> {
  const hub = await connectAsync(url, { username, password, clientId: "hub", keepalive: 60 });
  for (let message = 0; message < HUB_MESSAGES; message++) {
    hub.publish(`home/hub/${message % HUB_DEVICES}/config`, "2".repeat(150), { qos: 1, retain: true });
  }
  await new Promise((resolve) => setTimeout(resolve, seconds(5, 10)));
  await hub.endAsync();
}

/** The access point was away: all of its devices are back within a second. */
async function returnTogether(): Promise<void> {
  const come = async (index: number) => {
    await new Promise((resolve) => setTimeout(resolve, seconds(0, 1)));
    const client = await connectAsync(url, { username, password, clientId: `lamp-${index}`, keepalive: 30 });
    await client.subscribeAsync(`home/lamp-${index}/set`, { qos: 1 });
    await client.publishAsync(`home/lamp-${index}/state`, "on", { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, seconds(10, 20)));
    await client.endAsync();
  };
  await Promise.all(Array.from({ length: LAMPS }, (_, index) => come(index)));
}

async function again(act: () => Promise<void>, pauseSec: number): Promise<never> {
  for (;;) {
    // The network of this host is switched off now and then.
    await act().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, seconds(0.5 * pauseSec, 1.5 * pauseSec)));
  }
}

for (const device of DEVICES) run(device);
void again(startHub, 40);
void again(returnTogether, 25);
// Its password was changed, and nobody told it.
connect(url, { username, password: "the-old-one", clientId: "forgotten", reconnectPeriod: 4000 }).on("error", () => {});
