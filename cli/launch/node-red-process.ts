// Runs Node-RED in a child process that ends with its parent, whatever ends the parent.
// argv: path of Node-RED's red.js, then its own arguments.
const [script, ...args] = process.argv.slice(2);
if (!script) throw new Error("usage: node-red-process <red.js> [arguments]");

process.argv.splice(1, process.argv.length - 1, script, ...args);
// Node-RED closes its flows on SIGINT, so a lost parent is treated like Ctrl-C.
process.on("disconnect", () => process.kill(process.pid, "SIGINT"));
require(script);
