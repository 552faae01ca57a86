// The ceiling: an MQTT.js process that publishes what it receives, unread.
import { connect } from "mqtt";

const { BENCH_HOST, BENCH_PORT, BENCH_USER, BENCH_PASSWORD, BENCH_RAW_TOPIC, BENCH_MASKED_TOPIC } = process.env;

const client = connect(`mqtt://${BENCH_HOST}:${BENCH_PORT}`, {
  ...(BENCH_USER && BENCH_PASSWORD ? { username: BENCH_USER, password: BENCH_PASSWORD } : {}),
});
client.on("connect", () => client.subscribe(BENCH_RAW_TOPIC as string));
client.on("message", (_topic, payload) => client.publish(BENCH_MASKED_TOPIC as string, payload));
