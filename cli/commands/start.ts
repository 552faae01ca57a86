import { Command } from "commander";
import { launch } from "../launch/launch.js";
import { launchOptions } from "../launch/options.js";
import { untilStopped } from "../launch/until-stopped.js";

const ENVIRONMENT = `
Environment:
  REDOUBT_HOME             what Redoubt keeps: keys, passwords, state (default .redoubt)
  REDOUBT_HOST, PORT       where editor and dashboard listen (127.0.0.1, 1880)
  REDOUBT_MQTT_PORT        port of the embedded broker (1883; loopback only)
  REDOUBT_MQTT_URL         use this broker instead: mqtt[s]://user:password@host:port, percent-encoded;
                           without a login each client uses its account in <home>/broker/accounts.json
  NODE_EXTRA_CA_CERTS      PEM file of the authority behind an mqtts broker's certificate
  REDOUBT_DASHBOARD_LOGIN  required or open (start: required; demo: open on loopback)
  REDOUBT_TLS_CERT, _KEY   PEM files for https`;

/** Adds the environment variables that `start` and `demo` read to a command's help. */
export function withEnvironmentHelp(command: Command): Command {
  return command.addHelpText("after", ENVIRONMENT);
}

/** `redoubt start`: broker and Node-RED with the flows, without simulated devices. */
export function startCommand(): Command {
  return withEnvironmentHelp(
    new Command("start").description("run the broker and Node-RED with the flows").action(async () => {
      const running = await launch(launchOptions("required"), console.log);
      await untilStopped({
        failed: running.failed,
        stop: running.stop,
        announce: () => {
          console.log(`Dashboard ${running.dashboardUrl}`);
          console.log(`Editor    ${running.editorUrl}`);
          console.log(`Broker    ${running.mqttUrl}`);
          if (running.secrets.newPasswords) console.log(`Passwords ${running.secrets.newPasswords}`);
        },
      });
    }),
  );
}
