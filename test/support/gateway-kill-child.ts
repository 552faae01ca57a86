// Run by gateway-kill.ts: gateway-in and spool-out's substance without Node-RED, until it is killed.
import { join } from "node:path";
import { DeadLetters } from "../../lib/spool/dead-letters.js";
import { Deliverer } from "../../lib/spool/deliverer.js";
import { HttpDelivery } from "../../lib/spool/http-delivery.js";
import { IntakeJournal, type IntakeRecord } from "../../lib/spool/intake-journal.js";
import { MqttIntake } from "../../lib/spool/mqtt-intake.js";
import { outboundRecord } from "../../lib/spool/outbound-record.js";
import { OutboundSpool } from "../../lib/spool/outbound-spool.js";

const [, , folder = "", broker = "", server = ""] = process.argv;

async function main(): Promise<void> {
  const journal = await IntakeJournal.open({ folder: join(folder, "journal") });
  const spool = await OutboundSpool.open({ folder: join(folder, "spool") });
  const http = new HttpDelivery({ url: new URL(server), token: () => "t", timeoutMs: 1000 });
  const deliverer = new Deliverer({
    gatewayId: "gw-1",
    spool,
    deadLetters: new DeadLetters(join(folder, "dead")),
    maxWaitMs: 50,
    post: (batch, signal) => http.post(batch, signal),
    onDelivered: () => {},
    onRefused: () => {},
    onAttempt: () => {},
  });
  deliverer.start();
  const take = async ({ n, at, bytes }: IntakeRecord) => {
    const payload = JSON.parse(bytes.toString()) as { counter: number };
    const device = {
      id: "pump-1",
      epoch: 1,
      counter: payload.counter,
      authenticated: true,
      profile: "p",
      receivedAt: at,
    };
    await spool.add(outboundRecord({ payload: { ...payload }, device, intake: { journal: journal.id, n } }));
    journal.finished(n);
    deliverer.wake();
  };
  for await (const record of journal.unfinishedRecords()) void take(record);
  new MqttIntake({
    url: new URL(broker),
    clientId: "gateway",
    topics: ["iot/devices/+/data"],
    journal,
    reconnectMs: 100,
    onRecord: (record) => void take(record),
    onOversize: () => {},
    onChange: () => {},
  });
  process.stdout.write("started\n");
}

void main();
