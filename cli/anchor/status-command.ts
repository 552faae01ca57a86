import { Command, InvalidArgumentError } from "commander";
import { ChainReader } from "../../lib/anchor/chain-reader.js";
import { deviceIdOf, laneOf } from "../../lib/anchor/identity.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { type LaneFlags, orFail, type RpcFlags, withLane, withRpc } from "./options.js";

function deviceNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every(isIdentifier)) return names;
  throw new InvalidArgumentError("names of devices with commas between them");
}

async function statusOf(flags: RpcFlags & LaneFlags, names: readonly string[]) {
  const reader = await ChainReader.open(flags.rpc, flags.contract);
  try {
    const lane = laneOf(flags.origin);
    const block = await reader.block("latest");
    if (!block) throw new Error("the chain has no block");
    const known = await reader.devices(
      names.map((name) => deviceIdOf(lane, name)),
      block,
    );
    const devices = names.map((name) => ({ name, trust: known.get(deviceIdOf(lane, name))?.trust ?? null }));
    return { chainId: reader.chainId, block: block.number, lane, ...(await reader.lane(lane, block)), devices };
  } finally {
    reader.close();
  }
}

/** `redoubt anchor status`: what the chain holds of a log. */
export function statusCommand(): Command {
  type Flags = RpcFlags & LaneFlags & { devices?: string[]; json?: boolean };
  return withLane(withRpc(new Command("status").description("show what the chain holds of a log")))
    .option("--devices <a,b>", "also the trust of these devices", deviceNames)
    .option("--json", "one object")
    .action(async (flags: Flags) => {
      const status = await orFail(() => statusOf(flags, flags.devices ?? []));
      if (flags.json) {
        console.log(JSON.stringify(status));
        return;
      }
      console.log(`chain  ${status.chainId}, block ${status.block}`);
      console.log(`lane   ${status.lane}`);
      console.log(`size   ${status.size}`);
      console.log(`root   ${status.rootHash}`);
      for (const { name, trust } of status.devices) console.log(`trust  ${name} ${trust ?? "not registered"}`);
    });
}
