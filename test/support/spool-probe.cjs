// Loaded into the gateway's Node-RED before anything else, by --require: tells by a datagram of each message of some
// devices that a node is done with it. A Complete node would clone every message first, and cost more than most stages.
const { createSocket } = require("node:dgram");
const { dirname } = require("node:path");

const { script, node, devices, port } = JSON.parse(process.env.SPOOL_PROBE);
const { hooks } = require(require.resolve("@node-red/util", { paths: [dirname(script)] }));

const socket = createSocket("udp4").unref();
const sampled = new Set(devices);
hooks.add("onComplete.probe", ({ msg, node: { id }, error }) => {
  if (id !== node || error || !sampled.has(msg.device?.id)) return;
  socket.send(`${msg.device.id}:${msg.device.counter}`, port, "127.0.0.1");
});
