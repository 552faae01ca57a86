// Preloaded into a child: the packages named in WITHOUT are not installed there.
const { register } = require("node:module");

const names = JSON.stringify((process.env.WITHOUT ?? "").split(","));
const hooks = `export async function resolve(name, context, next) {
  if (!${names}.includes(name)) return next(name, context);
  throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: "ERR_MODULE_NOT_FOUND" });
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
