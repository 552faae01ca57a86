// Makes accounts and registers devices, as fast as it can, while others do the same. Run as a process of its own.
import { provision, usersFileIn } from "../../lib/broker/accounts.js";
import { addUser } from "../../lib/broker/users-file.js";
import { homeAt } from "../../lib/common/home.js";
import { registryFileIn } from "../../lib/registry/registry-file.js";
import { registerDevices } from "../../simulator/fleet/preparation.js";
import { TemporaryParts } from "../../simulator/fleet/temporary-parts.js";

const [root = "", prefix = "", count = "0"] = process.argv.slice(2);
const home = homeAt(root, root);
for (let i = 0; i < Number(count); i++) {
  const id = `${prefix}-${i}`;
  provision(root, id, "sensor");
  registerDevices(registryFileIn(root), [{ id, profile: "hmac-json" }]);
  const parts = new TemporaryParts(home, `${prefix}.json`);
  const temporary = `${prefix}-temporary`;
  parts.remember({ users: [temporary], devices: [temporary] });
  addUser(usersFileIn(root), temporary, "only-for-this-test-0123456789", { publish: [], subscribe: [] });
  registerDevices(registryFileIn(root), [{ id: temporary, profile: "hmac-json" }]);
  parts.remove();
}
