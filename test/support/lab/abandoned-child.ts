// Starts a network with a program in it and waits to be killed; its first line names the program's process.
import { LabNetwork } from "./namespaces.js";

const network = LabNetwork.create();
const program = network.spawn("sensor", "sleep", ["600"], { stdio: "ignore" });
console.log(JSON.stringify({ namespace: network.namespaceOf("sensor"), folder: network.folder, pid: program.pid }));
