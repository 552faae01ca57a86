// A sensor: publishes "sensor/reading" with QoS 1 at a rate, numbers in order, over one connection that it keeps.
// `node sensor.js URL USER PASSWORD MESSAGES-PER-SECOND`; SIGTERM ends it; its last line tells what was acknowledged.
import { connect } from "mqtt";

const [, , url = "", username = "", password = "", rate = "1"] = process.argv;

const client = connect(url, { username, password, clientId: "sensor-10", keepalive: 15 });
let sent = 0;
let acknowledged = 0;

client.on("error", () => {});
client.once("connect", () => {
  const timer = setInterval(() => {
    const reading = { number: ++sent, temperature: 21.5 };
    client.publish("sensor/reading", JSON.stringify(reading), { qos: 1 }, (error) => {
      if (!error) acknowledged++;
    });
  }, 1000 / Number(rate));
  console.log("connected");
  process.once("SIGTERM", () => {
    clearInterval(timer);
    client.end(false, {}, () => console.log(JSON.stringify({ sent, acknowledged })));
  });
});
