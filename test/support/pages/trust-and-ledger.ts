import assert from "node:assert/strict";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import type { Page } from "playwright-core";
import type { FlowNode } from "../../../cli/launch/shipped-flows.js";
import { openDatabase } from "../../../lib/common/sqlite.js";
import {
  countUpdates,
  fitsTelephone,
  goTo,
  readText,
  untilRead,
  untilReady,
  untilTaken,
  untilText,
} from "../dashboard-page.js";
import { FleetPublisher } from "../fleet-publisher.js";
import type { PagesRun, TestedPage } from "./pages-run.js";

const DEVICES = ["pump-1", "pump-2", "pump-3"];
const ORDINARY = { temperature: 22.4, humidity: 50 };
/** Above the limit of 90 °C: an anomaly, ten points. */
const HOT = { temperature: 96.4, humidity: 50 };
/** Is in the registry for the page Network, and has not proved itself. */
const UNHEARD = ["home-sensor", "unknown"];
const PAUSE_MS = 400;
const MARKUP = '<img src=x onerror="window.hacked=1">';

/** In these nobody loses trust by being silent: that would depend on how long a test takes. */
function patient(flows: readonly FlowNode[]): FlowNode[] {
  return flows.map((node) => (node.type === "redoubt-trust-update" ? { ...node, heartbeatTimeoutSec: 3600 } : node));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The pages Trust and Ledger. Each test goes on where the one before ended. */
export function trustAndLedger(run: PagesRun): TestedPage {
  const commands: { topic: string; payload: Buffer }[] = [];
  let fleet: FleetPublisher | undefined;
  let listener: MqttClient | undefined;
  let page: Page;

  const origin = () => run.origin;
  const port = () => run.running.mqttPort;
  const file = () => join(run.home, "state", "ledger.db");

  const entriesOf = (kind: string) =>
    run.withLedger((ledger) =>
      ledger.entries(0, ledger.size).flatMap(({ data, index }) => (data?.kind === kind ? [{ index, data }] : [])),
    );

  async function send(id: string, reading: typeof HOT, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await fleet?.reading(port(), id, reading);
      await untilTaken(origin());
      // Closer together they would be a burst, which costs more.
      await pause(PAUSE_MS);
    }
  }

  async function command(device: string, name: string): Promise<string> {
    await page.getByLabel("Device", { exact: true }).fill(device);
    await page.getByLabel("Command").fill(name);
    await page.getByRole("button", { name: "Send" }).press("Enter");
    return untilText(page, ".rdbt-gw-answers li", new RegExp(`(Approved|Refused) ${name} → ${device}`));
  }

  function forOperators(): void {
    it("say what to do as long as nothing is known", async () => {
      page = run.page;
      await run.show("trust");
      await untilText(page, ".rdbt-gw-counts", /^0 known devices 0 in quarantine$/);
      await untilText(page, ".rdbt-gw-devices", /^Quarantine No device is in quarantine/);
      await untilText(page, ".rdbt-gw-list", /(^| )pump-1 unknown unknown .*Registered; it has not proved itself yet/);
      await run.show("ledger");
      // The rules are the first entry.
      await untilText(page, ".rdbt-gw-logcounts", /^1 entries, all signed – not anchored/);
      await untilText(page, ".rdbt-gw-proof", /^Press “Verify” at an entry/);
    });

    it("show the trust that the ledger holds, 0 as 0, and the rule behind each change", async () => {
      await untilReady(origin());
      for (const id of DEVICES) await send(id, ORDINARY, 1);
      await send("pump-2", HOT, 12);
      await send("pump-3", HOT, 6);
      await run.show("trust");
      await untilText(page, ".rdbt-gw-counts", /^3 known devices 2 in quarantine$/);
      await untilText(page, ".rdbt-gw-quarantine", /^pump-2 trust 0 .* pump-3 trust 40 /);
      const shown = await page
        .locator(".rdbt-gw-list > li")
        .evaluateAll((rows) =>
          rows.map((row) => [".rdbt-gw-name", ".rdbt-gw-score"].map((part) => row.querySelector(part)?.textContent)),
        );
      const held = run.withLedger((ledger) =>
        ledger.trustRecords().map(({ device, score }) => [device, String(score)]),
      );
      assert.deepEqual(shown.sort(), [...held, UNHEARD].sort());
      assert.deepEqual(held, [
        ["pump-1", "100"],
        ["pump-2", "0"],
        ["pump-3", "40"],
      ]);
      const meter = page.getByRole("meter", { name: "Trust of pump-2" });
      assert.equal(await meter.getAttribute("aria-valuenow"), "0");
      await page.getByRole("button", { name: "History of pump-2" }).press("Enter");
      const history = await page.locator(".rdbt-gw-history li").allInnerTexts();
      assert.equal(history.length, 11, "ten losses, and how it became known");
      assert.match(history[0] ?? "", /ANOMALY −10, trust 10 → 0, quarantined/);
      assert.match(history.at(-1) ?? "", /HEARTBEAT, trust unknown → 100, trusted/);
      await page.fill(".rdbt-gw-find input", "PUMP-3");
      await untilText(page, ".rdbt-gw-tools", /1 of 4 shown/);
      await page.fill(".rdbt-gw-find input", "");
    });

    it("send an approved command to the device, sealed, and say why another is refused", async () => {
      listener = await connectAsync(`mqtt://127.0.0.1:${port()}`, { ...run.running.account("pump-1") });
      listener.on("message", (topic, payload) => commands.push({ topic, payload }));
      await listener.subscribeAsync("iot/devices/pump-1/cmd", { qos: 1 });
      assert.match(await command("pump-1", "report"), /Approved .* trust 100, ledger entry \d+/);
      assert.match(await command("pump-2", "reboot"), /Refused .* Because its trust is too low; trust 0, ledger entry/);
      assert.match(await command("stranger", "reboot"), /Refused .* does not list this device; trust unknown/);
      assert.equal(await page.getByLabel("Command").evaluate((input) => (input as HTMLInputElement).required), true);
      const decisions = entriesOf("control").map(({ data }) => data.detail as Record<string, unknown>);
      assert.deepEqual(
        decisions.map(({ device, decision, reason }) => [device, decision, reason]),
        [
          ["pump-1", "approved", undefined],
          ["pump-2", "refused", "trust-low"],
          ["stranger", "refused", "unknown-device"],
        ],
      );
      // It comes by another way than the page's answer.
      await untilRead(
        page,
        async () => commands.length,
        (count) => count > 0,
      );
      assert.equal(commands.length, 1);
      assert.equal(commands[0]?.topic, "iot/devices/pump-1/cmd");
      assert.ok(!commands[0]?.payload.includes("report"), "nobody else can read it");
    });

    it("release a device with a reason, and not without one", async () => {
      const button = page.getByRole("button", { name: "Release pump-2" });
      const dialog = page.getByRole("dialog", { name: "Release pump-2?" });
      await button.press("Enter");
      await dialog.waitFor();
      await dialog.getByLabel("Reason, for the ledger").fill("   ");
      await dialog.getByRole("button", { name: "Release" }).click();
      await dialog.getByRole("alert").getByText("Say why").waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      assert.equal(entriesOf("operator").length, 0);
      assert.equal(await button.evaluate((element) => element === document.activeElement), true);

      await button.press("Enter");
      await dialog.getByLabel("Reason, for the ledger").fill(`cable replaced ${MARKUP}`);
      await dialog.getByLabel("Trust from here on").fill("70");
      await page.keyboard.press("Enter");
      await untilText(page, ".rdbt-gw-said", /^pump-2 was released; the decision is on the ledger\.$/);
      await untilText(page, ".rdbt-gw-counts", /^3 known devices 1 in quarantine$/);
      const [released] = entriesOf("operator");
      assert.deepEqual(released?.data.operator, {
        ...{ action: "release", device: "pump-2", by: "operator", reason: `cable replaced ${MARKUP}`, score: 70 },
      });
      const row = page.locator(".rdbt-gw-list > li", { hasText: "pump-2" });
      await row.getByText(`cable replaced ${MARKUP}`).first().waitFor();
      assert.match(await command("pump-2", "reboot"), /Approved .* trust 70/);
    });

    it("hold a device, whatever its score, until it is released", async () => {
      await page.getByRole("button", { name: "Hold pump-1" }).click();
      await page.getByLabel("Reason, for the ledger").fill("maintenance");
      await page.getByRole("dialog").getByRole("button", { name: "Hold" }).click();
      await untilText(page, ".rdbt-gw-said", /^pump-1 is held/);
      await untilText(page, ".rdbt-gw-quarantine", /pump-1 trust 100 held by an operator .*maintenance/);
      assert.match(await command("pump-1", "report"), /Refused .* Because an operator holds it/);
      assert.equal(commands.length, 1);
    });

    it("show entries as they are recorded, with batch hash and checkpoint", async () => {
      await run.show("ledger");
      await untilText(page, ".rdbt-gw-entries", / batch /, 60_000);
      let keyId: string | undefined;
      const rows = page.locator(".rdbt-gw-table tbody tr", { hasText: "batch" });
      const shown = await rows.evaluateAll((all) =>
        all.map((row) => {
          const [leafHash, batchHash] = [...row.querySelectorAll("code")].map((code) => code.title);
          return { index: Number(row.querySelector("th")?.textContent), leafHash, batchHash };
        }),
      );
      assert.ok(shown.length > 0);
      const [size, root] = await page
        .locator(".rdbt-gw-logcounts")
        .evaluate((counts) => [counts.querySelector("b")?.textContent, counts.querySelector("code")?.textContent]);
      run.withLedger((ledger) => {
        for (const { index, leafHash, batchHash } of shown) {
          const entry = ledger.entry(index);
          assert.deepEqual([leafHash, batchHash], [entry?.leafHash, entry?.data?.detail?.batch_hash]);
        }
        assert.equal(root, ledger.rootAt(Number(size)).toString("hex"));
        keyId = ledger.vkey.split("+")[1];
      });
      assert.match(await readText(page, ".rdbt-gw-checkpoint"), new RegExp(`key id ${keyId} Anchor not anchored`));
      assert.match(await rows.first().innerText(), /not anchored/);
    });

    it("recompute a proof in front of the user", async () => {
      const [released] = entriesOf("operator");
      const index = released?.index as number;
      await page.getByLabel("Entry", { exact: true }).fill(String(index));
      await page.getByLabel("Entry", { exact: true }).press("Enter");
      await untilText(page, ".rdbt-gw-verdict", new RegExp(`^Entry ${index} is on record$`));
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), `Entry ${index} is on record`);
      const proof = await readText(page, ".rdbt-gw-proof");
      const leaf = run.withLedger((ledger) => ledger.entry(index)?.leafHash);
      assert.match(proof, new RegExp(`Computed by this browser\\. Leaf hash fits .* ${leaf}`));
      assert.match(proof, /Audit path fits .* Root fits .* signed checkpoint/);
      // Debian's Chromium knows Ed25519; an older one says that the gateway has checked.
      assert.match(proof, /Signature (fits Ed25519 by redoubt\.local\/device-gateway|not computed here)/);
      await page.getByText("The entry as it is on the disk").click();
      await page.locator(".rdbt-gw-proof pre", { hasText: "cable replaced <img src=x" }).waitFor();
      const hacked = await page.evaluate(() => [document.querySelectorAll("img[src=x]").length, "hacked" in window]);
      assert.deepEqual(hacked, [0, false]);
    });

    it("catch an entry that somebody changed on the disk", async () => {
      const [released] = entriesOf("operator");
      const index = released?.index as number;
      const [original, neighbour] = run.withLedger((ledger) =>
        [index, index - 1].map((i) => ledger.stored(i, i + 1)[0]),
      );
      /** What somebody with access to the disk can do while the gateway runs. */
      const change = (text: string | null | undefined, leafHash: string | undefined) => {
        const database = openDatabase(file());
        const statement = database.prepare("UPDATE entry SET data = ?, leaf = ? WHERE idx = ?");
        statement.run(text ?? null, Buffer.from(leafHash ?? "", "hex"), index);
        database.close();
      };
      change(original?.text?.replace("cable replaced", "tidied up"), original?.leafHash);
      const verify = async (entry: number, verdict: RegExp) => {
        await page.getByLabel("Entry", { exact: true }).fill(String(entry));
        await page.getByRole("button", { name: "Verify", exact: true }).click();
        return untilText(page, ".rdbt-gw-verdict", verdict);
      };
      await verify(index, new RegExp(`^Entry ${index}: verification failed$`));
      const proof = await readText(page, ".rdbt-gw-proof");
      assert.match(proof, /Leaf hash does not fit SHA-256\(00 ‖ entry\) is not the hash in the log/);
      assert.match(proof, /Root does not fit/);
      // Its neighbour is as it was.
      await verify(index - 1, new RegExp(`^Entry ${index - 1} is on record$`));

      // Whoever changes the hash as well cannot sign another root.
      change(neighbour?.text, neighbour?.leafHash);
      await verify(index, new RegExp(`^Entry ${index}: verification failed$`));
      assert.match(await readText(page, ".rdbt-gw-proof"), /Leaf hash fits .* Root does not fit/);
      change(original?.text, original?.leafHash);
      await verify(index, new RegExp(`^Entry ${index} is on record$`));
    });

    it("fit a telephone, in light and in dark", async () => {
      await fitsTelephone(page, `${origin()}/ui/trust`, ".rdbt-gw", async (phone) => {
        await phone.locator(".rdbt-gw-list li").first().waitFor();
        const histories = phone.getByRole("button", { name: /^History of/ });
        await histories.first().click();
      });
      await fitsTelephone(page, `${origin()}/ui/ledger`, ".rdbt-gw", (phone) =>
        phone.locator(".rdbt-gw-table tbody tr").first().waitFor(),
      );
    });

    it("are updated at most twice a second while trust and log change all the time", async () => {
      const [trust, log] = [await page.context().newPage(), page];
      const start = performance.now();
      const watched = [countUpdates(trust), countUpdates(log)] as const;
      await trust.goto(`${origin()}/ui/trust`);
      await log.goto(`${origin()}/ui/ledger`);
      await log.locator(".rdbt-gw-table tbody tr").first().waitFor();
      await send("pump-2", HOT, 8);
      const seconds = (performance.now() - start) / 1000;
      const widgets = watched.flatMap(({ perWidget, stop }) => {
        stop();
        return [...perWidget].filter(([widget]) => widget.startsWith("rdbt-gw-"));
      });
      assert.ok(widgets.length >= 7, `${widgets.length} widgets were fed`);
      for (const [widget, count] of widgets) {
        assert.ok(count > 0 && count <= 2 * seconds + 2, `${widget} was updated ${count} times in ${seconds} s`);
      }
      await trust.close();
    });
  }

  function forViewers(): void {
    it("show a viewer counters, no names, and nothing to press", async () => {
      const { viewer, received } = await run.openAsViewer("trust");
      await untilText(viewer, ".rdbt-gw-counts", /^3 known devices \d in quarantine$/);
      await untilText(viewer, ".rdbt-gw-devices", /^Devices, their trust and its history are shown to operators only/);
      await untilText(viewer, ".rdbt-gw-command", /^Commands are for operators/);
      await goTo(viewer, "ledger");
      await untilText(viewer, ".rdbt-gw-logcounts", /^\d+ entries, all signed/);
      await untilText(viewer, ".rdbt-gw-entries", /^Entries name devices, so they are shown to operators only/);
      assert.equal(await viewer.locator(".rdbt-gw button").count(), 0, "there is nothing to press");
      const isFed = () => received.some((piece) => piece.includes('"anchoredSize"'));
      for (let i = 0; i < 60 && !isFed(); i++) await viewer.waitForTimeout(1000);
      await viewer.waitForTimeout(2000);
      assert.ok(isFed(), "the viewer is fed");
      assert.doesNotMatch(received.join("\n"), /pump-|"audience"|cable/);
      const stranger = await fetch(`${origin()}/ui/trust`);
      assert.equal(stranger.status, 401);
      await viewer.close();
    });
  }

  return {
    title: "the pages Trust and Ledger",
    prepare: () => {
      fleet = FleetPublisher.prepare(run.home, DEVICES);
    },
    changed: patient,
    forOperators,
    leave: async () => {
      await listener?.endAsync(true);
      await fleet?.close();
    },
    forViewers,
  };
}
