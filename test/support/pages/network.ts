import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { createSocket } from "node:dgram";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { connectAsync } from "mqtt";
import type { Page } from "playwright-core";
import type { FlowNode } from "../../../cli/launch/shipped-flows.js";
import type { NetworkAlert } from "../../../lib/common/network.js";
import { loadKeyFile } from "../../../lib/envelope/key-file.js";
import { makePiece } from "../../../simulator/network/made-piece.js";
import { countUpdates, fitsTelephone, readText, untilRead, untilText } from "../dashboard-page.js";
import { freePort } from "../free-port.js";
import { alertOf, countersOf, flowOf } from "../network-messages.js";
import { projectRoot } from "../node-red.js";
import type { PagesRun, TestedPage } from "./pages-run.js";

const MARKUP = '<img src=x onerror="window.hacked=1">';
const GUESSER = "10.77.0.66";
const LIVE = { kind: "live", name: `eth0${MARKUP}` };

const SEED_TAB = "rdbt-tab-net-seed";

/** As the sketch of seed 002 encrypts: whole blocks of the JSON, `|` and its CRC-32, padded with zeros. */
function asOldSensor(key: Buffer, json: string): Buffer {
  const text = `${json}|${crc32(json).toString(16).toUpperCase().padStart(8, "0")}`;
  const padded = Buffer.alloc(16 * (Math.floor(text.length / 16) + 1));
  padded.write(text);
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(padded), cipher.final()]);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Enables the tab of the old sensor, and adds a way in for messages as the meter sends them. */
function withEntry(flows: readonly FlowNode[], port: number): FlowNode[] {
  const set = (p: string) => ({ t: "set", p, pt: "msg", to: `payload.${p}`, tot: "msg" });
  const rules = [...["flow", "ids", "alert", "network", "capture"].map(set), { t: "delete", p: "payload", pt: "msg" }];
  const node = (id: string, type: string, rest: object) => ({ id, type, z: "test-tab", x: 100, y: 100, ...rest });
  return [
    ...flows.map((each) => (each.id === SEED_TAB ? { ...each, disabled: false } : each)),
    { id: "test-tab", type: "tab", label: "test", disabled: false, info: "" },
    node("test-in", "udp in", {
      ...{ name: "", iface: "127.0.0.1", port: String(port), ipv: "udp4", multicast: "false", group: "" },
      ...{ datatype: "utf8", wires: [["test-json"]] },
    }),
    node("test-json", "json", { name: "", property: "payload", action: "obj", pretty: false, wires: [["test-set"]] }),
    node("test-set", "change", { name: "", rules, wires: [["test-switch"]] }),
    node("test-switch", "switch", {
      ...{ name: "", property: "alert", propertyType: "msg", rules: [{ t: "nnull" }, { t: "else" }] },
      ...{ checkall: "false", repair: false, outputs: 2, wires: [["rdbt-net-classify"], ["rdbt-net-stats"]] },
    }),
  ];
}

/** The page Network. Each test goes on where the one before ended. */
export function network(run: PagesRun): TestedPage {
  const captures = () => join(run.home, "captures");
  const socket = createSocket("udp4");
  let entry = 0;
  let page: Page;

  const send = (message: object) =>
    new Promise<void>((resolve, reject) => {
      socket.send(JSON.stringify(message), entry, "127.0.0.1", (error) => (error ? reject(error) : resolve()));
    });
  const seconds = () => Date.now() / 1000;

  /** As the detectors find it now. */
  function alertNow(change: Partial<NetworkAlert>): NetworkAlert {
    const now = seconds();
    return alertOf({ firstSeen: now - 0.5, crossedAt: now - 0.25, lastSeen: now, ...change });
  }

  const card = (text: string) => page.locator(".rdbt-net-alerts .rdbt-net-cards > li", { hasText: text });

  async function prepare(): Promise<void> {
    entry = await freePort();
    mkdirSync(captures());
    const options = ["--role", "sensor", "--profile", "aes-ecb-crc", "--topic", "home/sensor/data", "--home", run.home];
    const cli = join(projectRoot, "dist", "cli", "main.js");
    assert.equal(spawnSync(process.execPath, [cli, "keys", "provision", "home-sensor", ...options]).status, 0);
  }

  function forOperators(): void {
    it("says how to start as long as nothing has been captured", async () => {
      page = run.page;
      await run.show("network");
      await untilText(page, ".rdbt-net-now", /No packet yet\. Write an interface into the node flow-meter.*captures/);
      await untilText(page, ".rdbt-net-now", /dry run Nothing is blocked/);
      await untilText(page, ".rdbt-net-alerts", /^No alert yet/);
      await untilText(page, ".rdbt-net-sources", /^No source yet/);
      await untilText(page, ".rdbt-net-blocked", /Nobody is blocked/);
      await untilText(page, ".rdbt-net-capture", /none yet: set an interface in flow-meter/);
      assert.doesNotMatch(run.running.nodeRedLog, /\[error\]/);
    });

    it("shows what was told: totals, kinds, sources, the state of the capture", async () => {
      await send({
        network: countersOf({ packets: 12_345, flows: 67, at: Date.now(), dropped: 8, evictedFlows: 2 }),
        capture: LIVE,
      });
      const alert = alertNow({});
      await send({ alert, capture: LIVE });
      const ids = { label: "NMAP_TCP_scan", isAttack: true, confidence: 0.9, source: "forest", reasons: [] };
      const times = { start: seconds() - 0.2, last: seconds() };
      for (let i = 0; i < 3; i++) await send({ flow: flowOf({ packets: 1000, ...times }), ids });
      await send({ flow: flowOf({ packets: 40_000, ...times, originator: { address: "10.77.0.5", port: 1 } }) });
      await untilText(page, ".rdbt-net-total", /^12,345 packets and 67 flows since/);
      await untilText(page, ".rdbt-net-open", /^1 alerts open$/);
      await untilText(page, ".rdbt-net-types", /^SYN scan 1$/);
      const seen = /interface eth0<img src=x.*: 12,345 packets, 67 flows, 3 open/;
      const capture = await untilText(page, ".rdbt-net-capture", seen);
      assert.match(capture, /Dropped 8 packets .* Malformed no packet Evicted 2 flows, 0 sources/);
      const rows = async () =>
        (await page.locator(".rdbt-net-list tbody tr").allInnerTexts()).map((row) => row.replace(/\s+/g, " ").trim());
      const expected = [
        /^10\.77\.0\.66 02:00:00:00:00:66 1 3,000 3 SYN scan NMAP_TCP_scan/,
        /^10\.77\.0\.5 .*0 40,000 1 – –/,
      ];
      await untilRead(page, rows, (read) => expected.every((pattern, i) => pattern.test(read[i] ?? "")));
    });

    it("explains the alert that is chosen: value and threshold, reasons, name, proof, what was done", async () => {
      const explain = page.getByRole("button", { name: "Explain: SYN scan, 10.77.0.66" });
      await explain.press("Enter");
      const detail = await untilText(page, ".rdbt-net-detail", /NMAP_TCP_scan.*began, 15 measured .*not blocked/);
      assert.match(detail, /^15 closed or silent ports of one host\. 15 is the threshold\./);
      assert.match(detail, /Why 15 closed ports of 10\.77\.0\.1 tried in 0\.2 s/);
      assert.match(
        detail,
        /Proof Nothing proves the source\. The address may be forged, so nobody is blocked for it\./,
      );
      assert.match(
        detail,
        /Called NMAP_TCP_scan, 90 % of the votes for 3 flows \(forest\)\. The classifier only names/,
      );
      assert.match(detail, /Firewall Nobody is blocked: nothing proves the source\./);
      // It goes on while somebody looks.
      const alert = alertNow({ phase: "continues", value: 80, packets: 80 });
      const first = page.locator(".rdbt-net-alerts .rdbt-net-cards > li").first();
      assert.equal(await first.locator(".rdbt-net-detail").count(), 1);
      await send({ alert });
      await untilText(page, ".rdbt-net-open", /^2 alerts open$/);
      assert.equal(await page.locator(".rdbt-net-detail").count(), 1, "the other one stays open");
      await page.getByRole("button", { name: "Explain: SYN scan, 10.77.0.66" }).last().press("Enter");
      assert.equal(await page.locator(".rdbt-net-detail").count(), 0);
    });

    it("shows addresses and reasons as text, whatever they are", async () => {
      const names = [MARKUP, "__proto__", "{{ 7 * 7 }}"];
      for (const [i, address] of names.entries()) {
        await send({
          alert: alertNow({ id: `h${i}`, kind: "udp-flood", source: { address }, reasons: [`flood by ${address}`] }),
        });
      }
      await untilText(page, ".rdbt-net-types", /UDP flood 3/);
      // Alerts and sources are widgets of their own, which the dashboard updates one after the other.
      for (const name of names) {
        await page
          .locator(".rdbt-net-alerts")
          .filter({ hasText: `flood by ${name}` })
          .first()
          .waitFor();
        await page.locator(".rdbt-net-sources").filter({ hasText: name }).first().waitFor();
      }
      await page.getByRole("button", { name: `Explain: UDP flood, ${MARKUP}` }).click();
      await untilText(page, ".rdbt-net-detail", /Source <img src=x/);
      const [images, hacked, inherited] = await page.evaluate(() => [
        document.querySelectorAll("img[src=x]").length,
        "hacked" in window,
        Object.keys(Object.prototype).length,
      ]);
      assert.deepEqual([images, hacked, inherited], [0, false, 0]);
      // What block cannot read is nobody's answer on the page.
      assert.equal(await readText(page, ".rdbt-net-blocked .rdbt-net-said").catch(() => ""), "");
    });

    it("lists who would be blocked, and counts the time down", async () => {
      const reasons = ["12 refused SSH logins in 4 connections within 20 s; 12 is guessing"];
      const unit = "refused SSH logins in 4 or more connections";
      const found = {
        kind: "ssh-brute-force",
        proof: "handshake",
        severity: "critical",
        value: 12,
        threshold: 12,
      } as const;
      const begin = seconds();
      await send({ alert: alertNow({ id: "g1", ...found, unit, reasons }) });
      const row = await untilText(page, ".rdbt-net-blocked .rdbt-net-cards > li", /10\.77\.0\.66 0:\d\d min left/);
      assert.match(row, /12 refused SSH logins.* SSH passwords guessed · first time/);
      const left = async () => Number(/0:(\d\d) min/.exec(await readText(page, ".rdbt-net-left"))?.[1]);
      const before = await left();
      // As much as has passed on this machine, and what the page needs to tell it.
      const least = () => 60 - (seconds() - begin) - 3;
      assert.ok(before >= least() && before <= 60, `${before} s`);
      const after = await untilRead(page, left, (now) => now !== before);
      assert.ok(after < before && after >= least(), `${before} s, then ${after} s`);
      await untilText(page, ".rdbt-net-count", /^1 would be blocked$/);
      assert.match(await card("SSH passwords guessed").innerText(), /would be blocked/);
      assert.match(await readText(page, ".rdbt-net-blocked details summary"), /Why others were not blocked/);
    });

    it("unblocks with a reason that was given, and not without one", async () => {
      const button = page.getByRole("button", { name: `Unblock ${GUESSER}` });
      const dialog = page.getByRole("dialog", { name: `Unblock ${GUESSER}?` });
      await button.press("Enter");
      await dialog.waitFor();
      await dialog.getByLabel("Reason, for the ledger").fill("   ");
      await dialog.getByRole("button", { name: "Unblock" }).click();
      await dialog.getByRole("alert").getByText("Say why").waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      assert.equal(await button.evaluate((element) => element === document.activeElement), true);
      await page.waitForTimeout(1500);
      assert.equal(await button.count(), 1, "nothing has changed");

      await button.press("Enter");
      await dialog.getByLabel("Reason, for the ledger").fill(`my own test ${MARKUP}`);
      await dialog.getByRole("button", { name: "Unblock" }).press("Enter");
      await untilText(
        page,
        ".rdbt-net-blocked .rdbt-net-said",
        /^10\.77\.0\.66 was unblocked; the decision is on the ledger/,
      );
      await untilText(page, ".rdbt-net-blocked", /Nobody is blocked/);
      await page.getByRole("button", { name: "Explain: SSH passwords guessed, 10.77.0.66" }).click();
      await untilText(page, ".rdbt-net-detail", /opened by an operator at .*by operator: “my own test <img src=x/);
      const recorded = run.withLedger((ledger) => JSON.stringify(ledger.entries(0, ledger.size)));
      assert.match(recorded, /my own test/);
    });

    it("lets an operator acknowledge an alert, for everybody", async () => {
      await page.getByRole("button", { name: "Acknowledge: SSH passwords guessed, 10.77.0.66" }).press("Enter");
      await card("SSH passwords guessed").getByText("acknowledged", { exact: true }).waitFor();
      await page.getByLabel("only alerts that nobody has acknowledged").check();
      assert.equal(await card("SSH passwords guessed").count(), 0);
      await page.waitForTimeout(1500);
      await page.reload();
      await card("SSH passwords guessed").getByText("acknowledged", { exact: true }).waitFor();
    });

    it("meters a capture that appears in the folder, and says so when a named one is not there", async () => {
      const piece = makePiece({ seed: 1, index: 3, start: seconds() - 5, seconds: 5, attacks: true });
      writeFileSync(join(captures(), "house.pcap"), piece);
      await untilText(page, ".rdbt-net-sources", /192\.168\.77\.66/, 60_000);
      await card("192.168.77.66 → 192.168.77.10").first().waitFor();
      await page.getByLabel("Meter a file of the folder captures").fill("../elsewhere.pcap");
      await page.getByRole("button", { name: "Meter it" }).click();
      await untilText(page, ".rdbt-net-capture .rdbt-net-said", /^Not metered: there is no such capture file/);
      const total = await readText(page, ".rdbt-net-total");
      await page.getByLabel("Meter a file of the folder captures").fill("house.pcap");
      await page.keyboard.press("Enter");
      await untilText(page, ".rdbt-net-capture .rdbt-net-said", /^house\.pcap: \d+ packets, \d+ flows\.$/);
      // It counts once more.
      await untilRead(
        page,
        () => readText(page, ".rdbt-net-total"),
        (now) => now !== total,
      );
    });

    it("charts what the old sensor sends, and says that nothing proves it", async () => {
      const pieces: string[] = [];
      page.on("websocket", (ws) => ws.on("framereceived", ({ payload }) => pieces.push(String(payload))));
      await page.reload();
      await page.getByText("Seed 002’s sensor, not authenticated").waitFor();
      await page.locator("#nrdb-ui-widget-rdbt-net-seedchart canvas").waitFor();
      const key = loadKeyFile(join(run.home, "keys", "devices", "home-sensor.key"), ["aes-128"]).primary;
      const { mqttPort } = run.running;
      const account = run.running.account("home-sensor");
      const client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, account);
      try {
        const reading = '{"temp":25.50,"hum":60.25,"id":"ESP32_Sensor_001"}';
        await client.publishAsync("home/sensor/data", asOldSensor(key, reading), { qos: 1 });
        const forged = asOldSensor(Buffer.alloc(16, 9), '{"temp":99.75,"hum":1.25}');
        await client.publishAsync("home/sensor/data", forged, { qos: 1 });
      } finally {
        await client.endAsync();
      }
      const sent = () => pieces.filter((piece) => piece.includes("msg-input:rdbt-net-seedchart")).join("\n");
      await untilRead(
        page,
        async () => sent(),
        (text) => /25\.5[^0-9]/.test(text) && /60\.25/.test(text),
      );
      await page.waitForTimeout(1500);
      assert.doesNotMatch(sent(), /99\.75/, "under another key");
    });

    it("fits a telephone, in light and in dark", async () => {
      await fitsTelephone(page, `${run.origin}/ui/network`, ".rdbt-net", async (phone) => {
        await phone.getByRole("button", { name: `Explain: UDP flood, ${MARKUP}` }).click();
        await phone.locator(".rdbt-net-history li").first().waitFor();
      });
    });

    it("is updated at most twice a second while 500 flows and alerts a second arrive", async () => {
      const start = performance.now();
      const updates = countUpdates(page);
      await page.reload();
      await page.locator(".rdbt-net-alerts li").first().waitFor();
      for (let batch = 0; batch < 80; batch++) {
        for (let i = 0; i < 25; i++) {
          const address = `10.${batch}.${i}.9`;
          if (i % 5 === 0) await send({ alert: alertNow({ id: `f${batch}-${i}`, source: { address } }) });
          else await send({ flow: flowOf({ originator: { address, port: 1 } }) });
        }
        await pause(50);
      }
      const elapsed = (performance.now() - start) / 1000;
      updates.stop();
      const widgets = [...updates.perWidget].filter(([widget]) => widget.startsWith("rdbt-net-"));
      assert.ok(widgets.length >= 7, `${widgets.length} widgets were fed`);
      for (const [widget, count] of widgets) {
        assert.ok(count > 0 && count <= 2 * elapsed + 2, `${widget} was updated ${count} times in ${elapsed} s`);
      }
      await page.getByRole("button", { name: /^Show 192 more$/ }).click();
      assert.equal(await page.locator(".rdbt-net-alerts .rdbt-net-cards > li").count(), 200);
    });

    it("starts anew after a reset that was confirmed, and not before", async () => {
      const dialog = page.getByRole("dialog", { name: "Reset all counters?" });
      const total = await readText(page, ".rdbt-net-total");
      await page.getByRole("button", { name: "Reset counters…" }).press("Enter");
      await dialog.waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      await page.waitForTimeout(1500);
      assert.equal(await readText(page, ".rdbt-net-total"), total);
      await page.getByRole("button", { name: "Reset counters…" }).click();
      await dialog.getByRole("button", { name: "Reset", exact: true }).click();
      await untilText(page, ".rdbt-net-total", /^0 packets and 0 flows since/);
      await untilText(page, ".rdbt-net-alerts", /^No alert yet/);
    });

    it("counts what comes after the reset", async () => {
      await send({ alert: alertNow({ id: "v1" }), capture: LIVE });
      await send({ network: countersOf({ packets: 500, flows: 5, at: Date.now() }), capture: LIVE });
      await untilText(page, ".rdbt-net-incidents", /^1 alerts in all$/);
    });
  }

  function forViewers(): void {
    it("shows a viewer counters, no addresses, and nothing to press", async () => {
      const { viewer, received } = await run.openAsViewer("network");
      await untilText(viewer, ".rdbt-net-incidents", /^1 alerts in all$/);
      await untilText(viewer, ".rdbt-net-alerts", /^Alerts name addresses, so they are shown to operators only/);
      await untilText(viewer, ".rdbt-net-sources", /^(Addresses are shown to operators only|No source yet)/);
      await untilText(viewer, ".rdbt-net-blocked", /^Who is blocked is shown to operators only/);
      await untilText(viewer, ".rdbt-net-capture", /for operators/);
      assert.equal(await viewer.locator(".rdbt-net button").count(), 0, "there is nothing to press");
      // The viewer is fed.
      await untilRead(
        viewer,
        async () => received.some((piece) => piece.includes('"byKind"')),
        (isFed) => isFed,
      );
      await viewer.waitForTimeout(2000);
      assert.doesNotMatch(received.join("\n"), /10\.77\.\d|"audience"|eth0|ports of/);
      await viewer.close();
    });
  }

  return {
    title: "the page Network",
    prepare,
    changed: (flows) => withEntry(flows, entry),
    forOperators,
    leave: () => {
      socket.close();
    },
    forViewers,
  };
}
