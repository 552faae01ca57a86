import { Command, Option } from "commander";
import { ACCOUNT_ROLES, type AccountRole, accountsFileIn, provision, rightsIn } from "../../lib/broker/accounts.js";
import type { AccessRights } from "../../lib/broker/users-file.js";
import { homeAt } from "../../lib/common/home.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { CommandFailure, UsageFailure } from "../failure.js";

interface ProvisionOptions {
  role: AccountRole;
  home?: string;
  showPassword?: true;
  json?: true;
}

/** `redoubt keys provision <device> --role sensor|consumer`: a device's account on the embedded broker. */
export function keysProvisionCommand(): Command {
  return new Command("provision")
    .description("give a device a user name, a password and topic rights on the embedded MQTT broker")
    .argument("<device>", "name of the device, also its user name: A-Z a-z 0-9 . _ -")
    .addOption(
      new Option("--role <role>", "sensor sends readings, consumer receives the masked stream")
        .choices(ACCOUNT_ROLES)
        .makeOptionMandatory(),
    )
    .option("--home <folder>", "where Redoubt keeps its files (default: REDOUBT_HOME or .redoubt)")
    .option("--show-password", "print the password instead of only saying which file holds it")
    .option("--json", "print one JSON object")
    .action(run);
}

function run(device: string, options: ProvisionOptions): void {
  if (!isIdentifier(device)) throw new UsageFailure("a device name is 1 to 64 of the characters A-Z a-z 0-9 . _ -");
  const { root } = homeAt(options.home ?? process.env.REDOUBT_HOME, process.cwd());
  let password: string;
  let rights: AccessRights;
  try {
    ({ password } = provision(root, device, options.role));
    rights = rightsIn(root, device);
  } catch (error) {
    throw new CommandFailure((error as Error).message);
  }
  const result = {
    username: device,
    ...rights,
    passwordFile: accountsFileIn(root),
    ...(options.showPassword && { password }),
  };
  if (options.json) {
    console.log(JSON.stringify(result));
    return;
  }
  console.log(`user name   ${device}`);
  console.log(`password    ${options.showPassword ? password : `in ${result.passwordFile}`}`);
  console.log(`publishes   ${result.publish.join(", ") || "nothing"}`);
  console.log(`subscribes  ${result.subscribe.join(", ") || "nothing"}`);
}
