import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../support/chromium.js";
import { BootedNodeRed, projectRoot } from "../support/node-red.js";
import { loadAllFlows } from "../support/palette.js";

interface EditorNode {
  id: string;
  type: string;
  valid: boolean;
}

/** The parts of the editor's own global that these tests drive. */
declare const RED: {
  workspaces: { active(): string };
  nodes: {
    getType(type: string): unknown;
    add(node: EditorNode): void;
    filterNodes(filter: { type?: string }): EditorNode[];
    eachConfig(visit: (node: EditorNode) => boolean): void;
  };
  view: { createNode(type: string, x: number, y: number): { node: EditorNode } };
  editor: { edit(node: EditorNode): void; editConfig(name: string, type: string, id: string): void };
  sidebar: { help: { show(type: string): void } };
};

declare const jQuery: { fx: { off: boolean } };

interface Form {
  invalid: string[];
  text: string;
  emptyLabels: number;
}

const CONFIG_TYPES = [
  "redoubt-keyring",
  "redoubt-model",
  "redoubt-device-registry",
  "redoubt-ledger-config",
  "redoubt-store",
];
/** What a node cannot know by itself; everything else has a valid default. */
const ASKED_FOR: Record<string, string[]> = {
  "redoubt-keyring": ["node-config-input-path"],
  "redoubt-decrypt": ["node-input-keyring"],
  "redoubt-encrypt": ["node-input-keyring"],
  "redoubt-anomaly-score": ["node-input-model"],
  "redoubt-verify": ["node-input-registry"],
  "redoubt-trust-update": ["node-input-ledger"],
  "redoubt-block": ["node-input-ledger"],
  "redoubt-command-gate": ["node-input-ledger", "node-input-registry"],
  "redoubt-ledger-config": ["node-config-input-origin"],
  "redoubt-ledger": ["node-input-ledger"],
  "redoubt-spool-out": ["node-input-url"],
  "redoubt-anchor": ["node-input-ledger", "node-input-contract"],
  "redoubt-occupancy-store": ["node-input-store"],
  "redoubt-occupancy-query": ["node-input-store"],
};

/** Nobody can ship the address of a contract that its user has to deploy. */
const ASKED_FOR_WHEN_SHIPPED: Record<string, string[]> = { "redoubt-anchor": ["node-input-contract"] };
const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
  "node-red": { nodes: Record<string, string> };
};
const TYPES = Object.keys(manifest["node-red"].nodes);
const UNTRANSLATED = /redoubt-[a-z-]+\.[a-z]/i;

/**
 * Our nodes of every flow and example, those of enabled tabs together on one tab: a sixth of the nodes, and nothing that
 * sends. Whenever a form opens or closes the editor names all tabs anew, draws the nodes of the tab that it shows and
 * looks through all others, which takes more of the processor than the forms do. The tab that it shows is empty.
 */
function ourNodes(): object[] {
  const flows = loadAllFlows();
  const disabled = new Set(flows.flatMap(({ id, disabled }) => (disabled ? [id] : [])));
  const ours = flows.filter(({ type, z }) => type.startsWith("redoubt-") && !disabled.has(z ?? ""));
  return [
    ...["empty", "shipped"].map((id) => ({ id, type: "tab", label: id })),
    ...ours.map((node) => (node.z === undefined ? node : { ...node, z: "shipped" })),
  ];
}

describe("the nodes in the editor", function () {
  this.timeout(240_000);
  let nodeRed: BootedNodeRed | undefined;
  let browser: Browser | undefined;
  let page: Page;
  const problems: string[] = [];

  before(async function () {
    browser = await launchChromium(this);
    nodeRed = await BootedNodeRed.boot({ flows: [] });
    const deployed = await fetch(`${nodeRed.origin}/flows`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ourNodes()),
    });
    assert.equal(deployed.status, 204);
    page = await browser.newPage({ viewport: { width: 1400, height: 1200 } });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      // Chromium reports an answer of 400 as an error: it is how a wrong number in the mask form is answered, and, where
      // the form asks before its field is left, more live sensors than the zone has.
      const { url } = message.location();
      if (message.type() === "error" && !/mask\/calibration.*(epsilon=-1|groupSize=1&minGroup=4)/.test(url))
        problems.push(`${message.text()} ${url}`);
    });
    await page.goto(nodeRed.origin);
    await page.waitForFunction(
      (types) => RED.workspaces?.active() && types.every((type) => RED.nodes.getType(type)),
      TYPES,
    );
    // The loading screen covers the editor until every flow is on the canvas.
    await page.locator("#red-ui-palette-container .red-ui-palette-node").first().waitFor();
    // Forms that slide in cost a third of the time and show nothing more; nobody looks at the flows behind them.
    await page.addStyleTag({
      content:
        "* { transition: none !important; animation: none !important; } #red-ui-workspace-chart { display: none }",
    });
    await page.evaluate(() => {
      jQuery.fx.off = true;
    });
  });

  afterEach(() => assert.deepEqual(problems.splice(0), [], "no error in the page or on its console"));

  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });

  /**
   * Opens the form of a node as it leaves the palette, or of one from the flows: the first of its type, unless told.
   * Flows come before examples.
   */
  async function open(type: string, which: "shipped" | "new", at = 0): Promise<Form> {
    await page.evaluate(
      ([type, which, isConfig, at]) => {
        if (isConfig) {
          let id = "_ADD_";
          RED.nodes.eachConfig((node) => {
            if (which === "shipped" && node.type === type) id = node.id;
            return id === "_ADD_";
          });
          RED.editor.editConfig("", type, id);
          return;
        }
        let node = RED.nodes.filterNodes({ type })[at];
        if (which === "new") {
          node = RED.view.createNode(type, 200, 600).node;
          RED.nodes.add(node);
        }
        RED.editor.edit(node as EditorNode);
      },
      [type, which, CONFIG_TYPES.includes(type), at] as const,
    );
    await page.locator("#node-dialog-ok, #node-config-dialog-ok").waitFor();
    const form = page.locator("#dialog-form, #node-config-dialog-edit-form").last();
    return form.evaluate((element) => ({
      invalid: [...element.querySelectorAll(".input-error")].map((input) => input.id),
      text: [
        element.textContent,
        ...[...element.querySelectorAll("[placeholder]")].map((input) => input.getAttribute("placeholder")),
      ].join(" "),
      emptyLabels: [...element.querySelectorAll("[data-i18n]:not(input)")].filter((label) => !label.textContent?.trim())
        .length,
    }));
  }

  async function close(): Promise<void> {
    await page.click("#node-dialog-cancel, #node-config-dialog-cancel");
    await page.locator(".red-ui-tray").waitFor({ state: "detached" });
  }

  for (const type of TYPES) {
    it(`${type}: form translated, shipped settings and defaults valid`, async () => {
      for (const which of ["shipped", "new"] as const) {
        const form = await open(type, which);
        assert.match(form.text, /Name/);
        assert.doesNotMatch(form.text, UNTRANSLATED);
        assert.equal(form.emptyLabels, 0);
        assert.deepEqual(form.invalid, (which === "new" ? ASKED_FOR : ASKED_FOR_WHEN_SHIPPED)[type] ?? []);
        await close();
      }
    });

    it(`${type}: help with inputs, outputs and details`, async () => {
      await page.evaluate((type) => RED.sidebar.help.show(type), type);
      const help = page.locator(".red-ui-help:visible").last();
      const headings = await help.locator("h3").allInnerTexts();
      for (const heading of ["Inputs", "Outputs", "Details"]) assert.ok(headings.includes(heading), heading);
      const text = await help.innerText();
      assert.ok(text.length > 500, "says something");
      assert.doesNotMatch(text, /<\/?(p|b|i|a|dl|dt|dd|ol|ul|li|h3|code|span)\b|&[a-z]+;/, "no markup shows as text");
    });
  }

  it("mask tells at once what a setting does to the noise and to the attacker", async () => {
    await open("redoubt-mask", "new");
    const result = page.locator("#redoubt-mask-result");
    const says = (words: string) => result.filter({ hasText: words }).waitFor();
    await says("Noise σ = 0.953 K");
    await says("accuracy above 70.0 %");
    await page.fill("#node-input-sensitivity", "4");
    await says("Noise σ = 1.91 K");
    await page.fill("#node-input-epsilon", "20");
    await says("An epsilon above 10 promises little");
    await page.fill("#node-input-epsilon", "-1");
    await says("“Epsilon” must be a number");
    await page.fill("#node-input-epsilon", "5");

    await page.fill("#node-input-groupSize", "1");
    await page.locator("#node-input-groupSize").blur();
    assert.equal(await page.inputValue("#node-input-minGroup"), "1", "no more live sensors than the zone has");
    await says("One sensor cannot be hidden");
    await page.selectOption("#node-input-mechanism", "gaussian-sample");
    await says("No practical protection");
    assert.equal(await page.isVisible("#node-input-epsilon"), false);
    assert.equal(await page.isVisible("#node-input-sampleSigma"), true);
    await close();
  });

  it("keyring shows the fields of its source and generates a key into the credential", async () => {
    await open("redoubt-keyring", "new");
    for (const [source, field] of Object.entries({ env: "variable", file: "path", credential: "keys" })) {
      await page.selectOption("#node-config-input-source", source);
      for (const other of ["variable", "path", "keys"]) {
        assert.equal(await page.isVisible(`#node-config-input-${other}`), other === field, `${source}: ${other}`);
      }
    }
    await page.click("#redoubt-keyring-generate");
    const first = await page.inputValue("#node-config-input-keys");
    assert.match(first, /^[A-Za-z0-9_-]{43}=$/);
    await page.selectOption("#node-config-input-family", "aes-128");
    await page.click("#redoubt-keyring-generate");
    assert.match(await page.inputValue("#node-config-input-keys"), /^[0-9a-f]{32}$/);
    await close();
  });

  it("device-registry shows the list as text, imports a file and refuses a wrong one", async () => {
    const file = join((nodeRed as BootedNodeRed).home, "devices.json");
    const hostile = "iot/<img src=x onerror=alert(1)>";
    const list = (...devices: object[]) => JSON.stringify({ version: 1, devices });
    writeFileSync(file, list({ id: "pump-1", profile: "fernet", topics: [hostile] }));
    await open("redoubt-device-registry", "shipped");
    const table = page.locator("#redoubt-device-registry-list");
    await table.filter({ hasText: hostile }).waitFor();
    const choose = (text: string) =>
      page.setInputFiles("#redoubt-device-registry-file", {
        name: "devices.json",
        mimeType: "application/json",
        buffer: Buffer.from(text),
      });
    await choose(list({ id: "hall", profile: "plain-json" }, { id: "roof", profile: "aes-gcm-json" }));
    await page.locator("#redoubt-device-registry-note").filter({ hasText: "2 imported" }).waitFor();
    await table.filter({ hasText: "iot/devices/roof/data" }).waitFor();
    assert.match(readFileSync(file, "utf8"), /"roof"/);
    const before = readFileSync(file, "utf8");
    await choose("{");
    await page.locator("#redoubt-device-registry-note").filter({ hasText: "not JSON" }).waitFor();
    assert.equal(readFileSync(file, "utf8"), before);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click("#redoubt-device-registry-export"),
    ]);
    assert.deepEqual(JSON.parse(readFileSync(await download.path(), "utf8")), JSON.parse(before));
    const listed = () => (JSON.parse(readFileSync(file, "utf8")) as { devices: object[] }).devices;
    const note = page.locator("#redoubt-device-registry-note");
    await page.fill("#redoubt-device-registry-id", "pump-2");
    await page.click("#redoubt-device-registry-save");
    await note.filter({ hasText: "pump-2 saved" }).waitFor();
    assert.deepEqual(listed().at(-1), { id: "pump-2", profile: "cose-a128gcm" });
    await choose(list({ id: "roof", profile: "fernet", epoch: 3, limits: { t: { low: 0, high: 1 } } }));
    await note.filter({ hasText: "1 imported" }).waitFor();
    await page.click("button[title='Edit roof']");
    await page.selectOption("#redoubt-device-registry-profile", "hmac-json");
    await page.fill("#redoubt-device-registry-topics", "iot/roof, iot/roof/2");
    await page.click("#redoubt-device-registry-save");
    await note.filter({ hasText: "roof saved" }).waitFor();
    const limits = { t: { low: 0, high: 1 } };
    assert.deepEqual(listed(), [
      { id: "roof", profile: "hmac-json", topics: ["iot/roof", "iot/roof/2"], limits, epoch: 3 },
    ]);
    await page.fill("#redoubt-device-registry-id", "a b");
    await page.click("#redoubt-device-registry-save");
    await note.filter({ hasText: "1 to 64" }).waitFor();
    assert.equal(listed().length, 1);
    await page.click("button[title='Remove roof']");
    await note.filter({ hasText: "roof removed" }).waitFor();
    assert.deepEqual(listed(), []);
    rmSync(file);
    await close();
  });

  it("redoubt-block: says what live means and who is never blocked, and keeps its table", async () => {
    await open("redoubt-block", "new");
    const tip = page.locator("#redoubt-block-tip");
    await tip.filter({ hasText: "nothing is dropped" }).waitFor();
    assert.equal(await page.isVisible("#node-input-firewall"), false);
    await page.check("#node-input-live");
    await tip.filter({ hasText: "their connections are closed" }).waitFor();
    assert.equal(await page.isVisible("#node-input-firewall"), true);
    await page.locator("#redoubt-block-never").filter({ hasText: "this machine (127.0.0.1" }).waitFor();
    await close();
    await open("redoubt-block", "shipped", 1);
    assert.equal(await page.isChecked("#node-input-live"), false);
    assert.equal(await page.locator(".redoubt-address").first().inputValue(), "198.51.100.0/24");
    assert.equal(await page.locator(".redoubt-mac").nth(1).inputValue(), "02:00:00:00:00:10");
    await close();
  });

  it("hides what a choice makes meaningless", async () => {
    await open("redoubt-decrypt", "new");
    await page.uncheck("#node-input-rejectReplays");
    assert.equal(await page.isVisible("#node-input-replayCapacity"), false);
    await page.selectOption("#node-input-profile", "aes-gcm-json");
    assert.equal(await page.isVisible("#node-input-aad"), true);
    assert.equal(await page.isVisible("#node-input-refuseBeforeStart"), false);
    await page.selectOption("#node-input-profile", "cose-a128gcm");
    assert.equal(await page.isVisible("#node-input-ttl"), false);
    await page.selectOption("#node-input-profile", "aes-ecb-crc");
    assert.equal(await page.isVisible("#node-input-rejectReplays"), false);
    assert.equal(await page.isVisible("#node-input-allowUnauthenticated"), true);
    await close();
    await open("redoubt-verify", "new");
    for (const choice of ["none", "built-in", "file", "text"]) {
      await page.selectOption("#node-input-schema", choice);
      assert.equal(await page.isVisible("#node-input-schemaFile"), choice === "file");
      assert.equal(await page.isVisible("#node-input-schemaText"), choice === "text");
    }
    await close();
  });
});
