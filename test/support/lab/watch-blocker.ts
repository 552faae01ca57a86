// The blocker of the lab's gateway: nftables of the namespace that it runs in, and a ledger in the lab's folder.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AllowList } from "../../../lib/firewall/allow-list.js";
import { systemClock } from "../../../lib/firewall/block-book.js";
import { Blocker } from "../../../lib/firewall/blocker.js";
import { BookFile } from "../../../lib/firewall/book-file.js";
import { Machine } from "../../../lib/firewall/machine.js";
import { backendOf, openFirewall } from "../../../lib/firewall/open-firewall.js";
import { firewallCommands } from "../../../lib/firewall/run-command.js";
import { closeSessions } from "../../../lib/firewall/sessions.js";
import { Ledger } from "../../../lib/ledger/ledger.js";
import { trustLogic } from "../../../lib/trust/logic.js";
import { addressOf, macOf } from "./hosts.js";

/** Those that must never be hit, with the card that each has. */
const ALLOWED = (["sensor", "victim"] as const).map((host) => ({ address: addressOf(host), mac: macOf(host) }));

/** @param folder for the ledger and the book. @throws where it would not really block. */
export async function startBlocker(folder: string, blockSec: number): Promise<Blocker> {
  const home = join(folder, "blocker");
  mkdirSync(home, { recursive: true });
  const ledger = Ledger.open({
    path: join(home, "ledger.db"),
    keyPath: join(home, "log.pem"),
    origin: "redoubt.test/lab",
    trust: trustLogic,
  });
  const commands = firewallCommands();
  const allow = AllowList.read(ALLOWED);
  const options = { firewall: "nft", dropForged: true, commands, clock: systemClock, allow } as const;
  const { backend, notice } = await openFirewall(options);
  if (notice !== undefined) throw new Error(notice);
  const blocker = new Blocker({
    policy: { allow, linkLocal: false, minSeverity: "warning", unusual: false },
    steps: [blockSec],
    perMinute: 20,
    maxBlocked: 10_000,
    backend,
    openBackend: (name) => backendOf(name, options),
    machine: new Machine(),
    append: async (events) => ledger.append(events),
    file: new BookFile(home, "lab", systemClock),
    clock: systemClock,
    closeSessions: (target) => closeSessions(commands, target),
  });
  await blocker.start();
  return blocker;
}
