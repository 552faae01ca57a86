// Node-RED settings for `npm start`, `npm run demo` and `node-red -s settings.js`.
// Everything private is read from REDOUBT_HOME (default .redoubt beside this file); nothing secret stands here.
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { createDashboardGuard } = require("./dist/lib/access/dashboard-guard.js");
const { assertSafeBinding } = require("./dist/lib/access/binding.js");
const { loadLogins } = require("./dist/lib/access/logins.js");
const { readSecretFile } = require("./dist/lib/common/files.js");
const { homeAt } = require("./dist/lib/common/home.js");

const home = homeAt(process.env.REDOUBT_HOME, __dirname);
const host = process.env.REDOUBT_HOST || "127.0.0.1";
const logins = loadLogins(home.root);
const operators = [...logins].filter(([, login]) => login.role === "operator");
const loginRequired = process.env.REDOUBT_DASHBOARD_LOGIN !== "open";
const { REDOUBT_TLS_CERT: certificate, REDOUBT_TLS_KEY: privateKey } = process.env;
const secretFile = join(home.root, "credential-secret");

assertSafeBinding({
  host,
  hasEditorLogin: operators.length > 0,
  hasDashboardLogin: loginRequired && logins.size > 0,
});
if (!existsSync(secretFile)) {
  throw new Error(`${secretFile} is missing: run \`npm start\` or \`npm run demo\`, which create it`);
}

module.exports = {
  userDir: home.nodeRed,
  flowFile: "flows.json",
  flowFilePretty: true,
  credentialSecret: readSecretFile(secretFile).trim(),
  nodesDir: [__dirname],

  uiHost: host,
  uiPort: Number(process.env.PORT || 1880),
  ...(certificate && privateKey
    ? {
        https: { cert: require("node:fs").readFileSync(certificate), key: require("node:fs").readFileSync(privateKey) },
      }
    : {}),
  adminAuth: {
    type: "credentials",
    users: operators.map(([username, { password }]) => ({ username, password, permissions: "*" })),
  },
  dashboard: createDashboardGuard({ loginRequired, logins, secureCookie: Boolean(certificate) }),

  mqttReconnectTime: 2000,
  contextStorage: { default: { module: "memory" }, file: { module: "localfilesystem" } },
  exportGlobalContextKeys: false,
  functionExternalModules: false,
  functionTimeout: 5,
  nodeMessageBufferMaxLength: 10_000,
  externalModules: { palette: { allowInstall: false } },
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: true, ui: false },
  runtimeState: { enabled: false, ui: false },
  editorTheme: {
    page: { title: "Redoubt" },
    header: { title: "Redoubt" },
    tours: false,
    projects: { enabled: false },
  },
  logging: { console: { level: process.env.REDOUBT_LOG_LEVEL || "info", metrics: false, audit: false } },
};
