// Preload: gives the command line the commander that a user of a newer Node gets, not the locked one.
const Module = require("node:module");
const { join } = require("node:path");

const latest = join(__dirname, "..", "..", ".cache", "node-red-5", "node_modules", "commander", "index.js");
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  return request === "commander" ? latest : resolve.call(this, request, ...rest);
};
