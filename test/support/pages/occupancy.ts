import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connectAsync, type MqttClient } from "mqtt";
import type { Page } from "playwright-core";
import type { FlowNode } from "../../../cli/launch/shipped-flows.js";
import { WIFI_TOPIC } from "../../../lib/broker/accounts.js";
import { countUpdates, fitsTelephone, readText, untilText } from "../dashboard-page.js";
import { freePort } from "../free-port.js";
import { deviceCount, devicesIn, fillStore, HOSTILE_NAMES, staysIn, type Truth } from "./campus-truth.js";
import type { PagesRun, TestedPage } from "./pages-run.js";

const TOKEN = "a token of the test, long enough";
const FEEDS = "rdbt-tab-occ-feeds";

/** Enables the tab of the other feeds. */
function withFeeds(flows: readonly FlowNode[], syslogPort: number): FlowNode[] {
  return flows.map((node) => {
    if (node.id === FEEDS)
      return { ...node, disabled: false, env: [{ name: "FEED_TOKEN", value: TOKEN, type: "str" }] };
    return node.type === "udp in" && node.z === FEEDS ? { ...node, port: String(syslogPort) } : node;
  });
}

const local = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 16);
const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

/** The page Occupancy. Each test goes on where the one before ended. */
export function occupancy(run: PagesRun): TestedPage {
  let truth: Truth;
  let syslogPort = 0;
  let controller: MqttClient | undefined;
  let page: Page;

  const stored = async (above: number) => {
    for (let i = 0; i < 600; i++) {
      const count = Number(
        /[\d,]+$/.exec(await readText(page, ".rdbt-occ-stored").catch(() => ""))?.[0].replace(/,/g, ""),
      );
      if (count >= above) return count;
      await page.waitForTimeout(100);
    }
    throw new Error(`never ${above} sessions stored, but ${await readText(page, ".rdbt-occ-now")}`);
  };
  const ask = async (mac: string, from: number, to: number) => {
    const form = page.locator(".rdbt-occ-presence");
    await form.getByLabel("MAC address").fill(mac);
    await form.getByLabel("From", { exact: true }).fill(local(from));
    await form.getByLabel("To", { exact: true }).fill(local(to));
    await form.getByRole("button", { name: "Ask" }).click();
  };
  const plainAnswer = async () =>
    JSON.parse(await page.locator(".rdbt-occ-plain").innerText()) as Record<string, unknown>;

  function forOperators(): void {
    it("shows the last 24 hours of each access point at once, as numbers and for screen readers", async () => {
      page = run.page;
      await run.show("occupancy");
      await page.locator(".rdbt-occ-strip td").first().waitFor();
      await page.getByRole("button", { name: /^Show all / }).click();
      const cells = await page
        .locator(".rdbt-occ-strip td")
        .evaluateAll((all) => all.map((td) => td.getAttribute("aria-label")));
      assert.equal(cells.length, 24 * truth.names.length);
      // The page was drawn a moment ago, perhaps before the hour turned, and at midnight "today" was another day.
      const hourNow = Math.floor(Date.now() / 3_600_000);
      const lastHour = / (\d\d):00–\d\d:00: .* so far$/s.exec(String(cells[23]))?.[1];
      const last = [hourNow, hourNow - 1].find((hour) => hour % 24 === Number(lastHour)) ?? assert.fail(`${cells[23]}`);
      let compared = 0;
      for (const [i, label] of cells.entries()) {
        const [, ap, day, hour, count] =
          /^(.*), (\w+) (\d\d):00–\d\d:00: (?:about (\d+) devices?|nobody)/s.exec(String(label)) ?? [];
        // The hour that is not over goes on filling.
        if (ap === undefined || i % 24 === 23) continue;
        const from = 3600 * (last - 23 + (i % 24));
        const date = new Date(from * 1000);
        assert.equal(Number(hour), date.getUTCHours(), String(label));
        if (day !== "today") assert.equal(day, date.toLocaleDateString("en", { weekday: "long", timeZone: "UTC" }));
        const exact = deviceCount(truth, [ap], from, from + 3600);
        assert.ok(Math.abs(Number(count ?? 0) - exact) <= 2 + 0.25 * exact, `${label}: there were ${exact}`);
        compared++;
      }
      assert.ok(compared > 20 * truth.names.length, `${compared} cells`);
    });

    it("takes names for text, whatever they are, and is read by pointer and by keys", async () => {
      for (const name of HOSTILE_NAMES) await page.getByRole("rowheader", { name, exact: true }).waitFor();
      const [images, hacked, inherited] = await page.evaluate(() => [
        document.querySelectorAll("img[src=x]").length,
        "hacked" in window,
        Object.keys(Object.prototype).length,
      ]);
      assert.deepEqual([images, hacked, inherited], [0, false, 0]);
      const cell = (row: number, column: number) =>
        page.locator(".rdbt-occ-strip tbody tr").nth(row).locator("td").nth(column);
      await cell(0, 3).hover();
      assert.equal(await readText(page, ".rdbt-occ-reading"), await cell(0, 3).getAttribute("aria-label"));
      await cell(0, 0).focus();
      for (const key of ["ArrowDown", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
      assert.equal(await readText(page, ".rdbt-occ-reading"), await cell(1, 2).getAttribute("aria-label"));
      assert.equal(await page.locator('.rdbt-occ-strip td[tabindex="0"]').count(), 1, "one stop for the Tab key");
    });

    it("stores what controllers send by MQTT, HTTP and syslog, and counts what it refuses", async () => {
      const { mqttPort } = run.running;
      controller = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, run.running.account("wifi-controller"));
      const start = Math.floor(Date.now() / 1000) - 30;
      const session = (mac: string) => JSON.stringify({ mac, ap: "f01-lobby-01", start, duration: "open" });
      await controller.publishAsync(WIFI_TOPIC, session("02:00:00:aa:00:01"), { qos: 1 });
      await controller.publishAsync(WIFI_TOPIC, `${session("02:00:00:aa:00:02")}\n{"mac":"nobody's"}`, { qos: 1 });
      await stored(2);
      await untilText(page, ".rdbt-occ-refused", /^Refused [1-9]/);
      await untilText(page, ".rdbt-occ-database", /^Database answers$/);

      const post = (authorization: string | undefined, body: string) =>
        fetch(`${run.origin}/api/wifi-sessions`, {
          method: "POST",
          body,
          headers: { "content-type": "application/json", ...(authorization && { authorization }) },
        });
      for (const wrong of [undefined, "Bearer ", `Bearer ${TOKEN}x`, TOKEN]) {
        assert.equal((await post(wrong, session("02:00:00:aa:00:09"))).status, 401, String(wrong));
      }
      const taken = await post(`Bearer ${TOKEN}`, session("02:00:00:aa:00:03"));
      assert.deepEqual([taken.status, ((await taken.json()) as { stored: number }).stored], [200, 1]);
      const refused = await post(`Bearer ${TOKEN}`, '{"mac":"nobody\'s"}');
      assert.equal(refused.status, 400);
      assert.match(((await refused.json()) as { error: string }).error, /MAC|SCHEMA|session|start/i);
      const socket = createSocket("udp4");
      const line = `<134>1 ${new Date().toISOString()} f01-lobby-01 events - - - type=association client_mac='02:00:00:aa:00:04'`;
      await new Promise((resolve) => socket.send(line, syslogPort, "127.0.0.1", resolve));
      socket.close();
      await stored(4);
    });

    it("tells an operator where a device was, exactly, and puts the question on record first", async () => {
      await page.getByText("Each question is put on record").waitFor();
      const { mac, from, to } = devicesIn(truth);
      await ask(mac, from, to);
      await untilText(page, ".rdbt-occ-presence .rdbt-occ-verdict", /^Yes /);
      const expected = staysIn(truth, mac, from, to);
      assert.ok(expected.length > 2);
      const answer = await plainAnswer();
      assert.deepEqual(answer, {
        present: true,
        intervals: expected.map(({ start, end, ap }) => ({ from: iso(start), to: iso(end), ap })),
      });
      await ask("02:ff:ff:ff:ff:ff", from, to);
      await untilText(page, ".rdbt-occ-presence .rdbt-occ-verdict", /^No 02:ff:ff:ff:ff:ff was not here/);
      const entries = run.withLedger((ledger) => JSON.stringify(ledger.entries(0, ledger.size)));
      assert.equal(entries.match(/"presence"/g)?.length, 2);
      assert.doesNotMatch(entries, /02:ff:ff|02ffff/i, "the address itself is not on it");
      assert.ok(!entries.includes(mac));
    });

    it("counts devices exactly and by roll-ups, and says why it does not", async () => {
      const form = page.locator(".rdbt-occ-count");
      const { from } = devicesIn(truth);
      // Few hours: so far from the truth as is allowed below no estimate of some hundred devices ever is.
      const to = from + 2 * 3600;
      const choose = (label: string, value: string) =>
        form.locator("label", { hasText: label }).locator("select").selectOption(value);
      await choose("When", "own");
      await form.getByLabel("From", { exact: true }).fill(local(from));
      await form.getByLabel("To", { exact: true }).fill(local(to));
      const count = () => form.getByRole("button", { name: "Count" }).click();
      const first = (pattern: RegExp) => untilText(page, ".rdbt-occ-answers li:first-child", pattern);
      await count();
      await first(new RegExp(`^${deviceCount(truth, truth.names, from, to)} devices? everywhere,`));
      await choose("Where", "floor");
      await form.getByLabel("Floor", { exact: true }).fill("f02");
      await count();
      const floor = truth.names.filter((name) => name.startsWith("f02-"));
      await first(new RegExp(`^${deviceCount(truth, floor, from, to)} devices? on floor f02,`));
      assert.equal((await plainAnswer()).count, deviceCount(truth, floor, from, to));
      await choose("How", "roll-up");
      await count();
      const told = Number(/^about (\d+)/.exec(await first(/^about \d+ devices? on floor f02,/))?.[1]);
      const exact = deviceCount(truth, floor, from, to);
      assert.ok(Math.abs(told - exact) <= 2 + 0.25 * exact, `about ${told}, there were ${exact}`);
      await choose("Where", "ap");
      await form.getByLabel("Access point", { exact: true }).fill("no such one");
      await count();
      await first(/^Not counted at no such one,.*never had a session/);
    });

    it("shows the stored bytes beside the answer, and no name is among them", async () => {
      const text = await readText(page, ".rdbt-occ-bytes");
      assert.match(text, /^([0-9a-f]{8} )+/);
      assert.match(await readText(page, ".rdbt-occ-sees"), /label, 16 bytes value, 68 bytes; some rows of table wl_/);
      const bytes = Buffer.from(text.replaceAll(" ", ""), "hex").toString("latin1");
      for (const name of truth.names) assert.ok(!bytes.includes(name), name);
    });

    it("fits a telephone, in light and in dark", async () => {
      await fitsTelephone(page, `${run.origin}/ui/occupancy`, ".rdbt-occ", (phone) =>
        phone.locator(".rdbt-occ-strip td").first().waitFor(),
      );
    });

    it("is updated at most twice a second while hundreds of sessions a second arrive", async () => {
      const begin = performance.now();
      const updates = countUpdates(page);
      await page.reload();
      await page.locator(".rdbt-occ-stored").waitFor();
      const start = Math.floor(Date.now() / 1000) - 60;
      for (let batch = 0; batch < 40; batch++) {
        const lines = Array.from({ length: 25 }, (_, i) => {
          const mac = `02:00:01:00:${batch.toString(16).padStart(2, "0")}:${i.toString(16).padStart(2, "0")}`;
          return (controller as MqttClient).publishAsync(
            WIFI_TOPIC,
            JSON.stringify({ mac, ap: "f01-lobby-02", start, duration: 20 }),
            { qos: 1 },
          );
        });
        await Promise.all(lines);
        await page.waitForTimeout(50);
      }
      await stored(1004);
      const elapsed = (performance.now() - begin) / 1000;
      updates.stop();
      const widgets = [...updates.perWidget].filter(([widget]) => widget.startsWith("rdbt-occ-"));
      assert.ok(widgets.length >= 1, "it was fed");
      for (const [widget, count] of widgets)
        assert.ok(count <= 2 * elapsed + 2, `${widget}: ${count} times in ${elapsed} s`);
    });

    it("logged no error", () => {
      assert.doesNotMatch(run.running.nodeRedLog, /\[error\]/);
    });
  }

  function forViewers(): void {
    it("shows a viewer no small count and no answer, and says why", async () => {
      const { viewer, received } = await run.openAsViewer("occupancy");
      await untilText(viewer, ".rdbt-occ-presence .rdbt-occ-why", /personal: asking is for operators/);
      await untilText(viewer, ".rdbt-occ-count .rdbt-occ-why", /Asking is for operators/);
      assert.equal(await viewer.getByRole("button", { name: "Ask" }).isDisabled(), true);
      assert.equal(await viewer.getByRole("button", { name: "Count" }).isDisabled(), true);
      await viewer.locator(".rdbt-occ-strip .rdbt-occ-qfew").first().waitFor();
      const shown = await viewer.locator(".rdbt-occ-strip td").allInnerTexts();
      const numbers = shown.filter((text) => /^\d+$/.test(text.trim())).map(Number);
      assert.ok(numbers.length > 0 && numbers.every((count) => count >= 5), numbers.join());
      assert.ok(shown.some((text) => text.trim() === "<5"));
      await untilText(viewer, ".rdbt-occ-now", /devices here now/);
      // What the page does not offer, a script could still send.
      await viewer.evaluate(
        (question) => {
          const socket = new WebSocket(
            `${location.origin.replace("http", "ws")}/ui/socket.io/?EIO=4&transport=websocket`,
          );
          socket.onmessage = ({ data }) => {
            if (String(data).startsWith("0")) socket.send("40");
            if (String(data).startsWith("40")) socket.send(`42["widget-send","rdbt-occ-presence",${question}]`);
          };
        },
        JSON.stringify({ payload: { question: "presence", ...devicesIn(truth) } }),
      );
      await viewer.waitForTimeout(3000);
      const sent = received.join("\n");
      assert.match(sent, /"few"/, "the viewer is fed");
      assert.doesNotMatch(sent, /"intervals"|"audience"|"counts"/);
      for (const [, row] of sent.matchAll(/"devices":\[([^\]]*)\]/g)) {
        assert.doesNotMatch(String(row), /(^|,)[0-4](,|$)/, "no small number leaves the server");
      }
      await viewer.close();
    });
  }

  return {
    title: "the page Occupancy",
    prepare: async () => {
      truth = await fillStore(run.home);
      syslogPort = await freePort();
    },
    changed: (flows) => withFeeds(flows, syslogPort),
    forOperators,
    leave: () => controller?.endAsync(),
    forViewers,
  };
}
