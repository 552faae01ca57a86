import assert from "node:assert/strict";
import { BROKER_NODES } from "../../cli/launch/flow-store.js";
import { OCCUPANCY_ACCOUNTS, WIFI_TOPIC } from "../../lib/broker/accounts.js";
import { ShippedFlow } from "../support/shipped-flow.js";

const shipped = new ShippedFlow("occupancy.json");
const { nodes: flow, byId, wiresOf, nodeOf, reaches } = shipped;

/** What the flow asks by itself, by the name of the figure. */
function askedByItself(): Map<string, string> {
  const injects = flow.filter(({ type, z }) => type === "inject" && z === "rdbt-tab-occ");
  return new Map(
    injects.map(({ props }) => {
      const [question, figure] = props as { v: string }[];
      return [String(figure?.v), String(question?.v)];
    }),
  );
}

describe("flows/occupancy.json", () => {
  it("is complete alone and goes together with the other shipped flows", () => {
    shipped.assertComplete();
  });

  it("holds no function node, no secret and nothing from elsewhere", () => {
    shipped.assertHarmless();
    assert.deepEqual(byId.get("rdbt-tab-occ-feeds")?.env, [{ name: "FEED_TOKEN", value: "", type: "cred" }]);
  });

  it("reads what access controllers may publish, with an account that may do nothing else", () => {
    const input = nodeOf("mqtt in");
    assert.deepEqual([input.topic, input.qos, input.datatype], [WIFI_TOPIC, "1", "buffer"]);
    const account = BROKER_NODES[String(input.broker)] ?? "";
    assert.deepEqual(OCCUPANCY_ACCOUNTS[account], { publish: [], subscribe: [WIFI_TOPIC] });
    const store = nodeOf("redoubt-occupancy-store");
    assert.deepEqual(wiresOf(input.id), [[store.id]]);
    // Static tags leak equality: nobody has them without asking for them.
    assert.deepEqual([store.tags, store.rollUps, store.keyFile], [false, true, "occupancy.key"]);
    const query = nodeOf("redoubt-occupancy-query");
    assert.deepEqual([query.store, query.keyFile], [store.store, store.keyFile], "one database, one key");
  });

  it("puts questions about a device on record, and lets nothing but a page and the flow itself ask", () => {
    const query = nodeOf("redoubt-occupancy-query");
    assert.equal(query.ledger, nodeOf("redoubt-ledger-config").id);
    assert.ok(Number(query.minCount) >= 5);
    const into = flow.filter(({ id }) => wiresOf(id).flat().includes(query.id)).map(({ type }) => type);
    assert.deepEqual([...new Set(into)].sort(), ["inject", "link in"]);
    assert.deepEqual(byId.get("rdbt-occ-toask")?.links, ["rdbt-occ-fromask"]);
    const askers = flow.filter(({ id }) => wiresOf(id).flat().includes("rdbt-occ-toask")).map(({ type }) => type);
    assert.deepEqual(askers, ["ui-template", "ui-template"]);
    for (const type of ["mqtt in", "http in", "udp in"]) assert.equal(reaches(nodeOf(type).id, query.id), false, type);
    for (const question of askedByItself().values()) assert.doesNotMatch(question, /presence/);
  });

  it("sends a person's answer to that person, and everybody what was asked for a viewer", () => {
    const asked = askedByItself();
    const forViewers = [...asked].filter(([, question]) => /"as":"viewer"/.test(question)).map(([figure]) => figure);
    assert.deepEqual(forViewers, ["hours", "here", "today"]);
    assert.deepEqual([...asked.keys()].sort(), ["heat", "here", "hours", "rows", "today"]);
    // By the name of the figure each goes its way; what nobody's page asked for never reaches the answers.
    const [persons, own] = wiresOf("rdbt-occ-isperson") as [string[], string[]];
    assert.equal(byId.get("rdbt-occ-isperson")?.property, "_client");
    const widgets = flow.filter(({ type, group }) => type === "ui-template" && group !== "").map(({ id }) => id);
    const fedBy = ([first]: string[]) => widgets.filter((id) => reaches(first as string, id)).sort();
    assert.deepEqual(fedBy(persons), ["rdbt-occ-answer", "rdbt-occ-presence"]);
    assert.deepEqual(fedBy(own), ["rdbt-occ-count", "rdbt-occ-heat", "rdbt-occ-now", "rdbt-occ-sees"]);
    const [refused] = wiresOf(nodeOf("redoubt-occupancy-query").id)[1] as [string];
    assert.deepEqual(byId.get(refused)?.property, "_client");
    // Only stored rows, which say nothing without the key, lose the mark of what is for operators.
    const cleared = flow.filter(({ rules }) =>
      (rules as { t: string; p: string }[] | undefined)?.some(({ t, p }) => t === "delete" && p === "audience"),
    );
    assert.deepEqual(
      cleared.map(({ id, wires }) => [id, wires]),
      [["rdbt-occ-public", [["rdbt-occ-sees"]]]],
    );
    const into = flow.filter(({ id }) => wiresOf(id).flat().includes("rdbt-occ-public")).map(({ id }) => id);
    assert.deepEqual(into, ["rdbt-occ-fromrows"]);
    for (const widget of ["rdbt-occ-presence", "rdbt-occ-answer"]) {
      const feeding = flow.filter(({ id }) => wiresOf(id).flat().includes(widget));
      for (const { id, rules } of feeding) {
        assert.deepEqual(rules, [{ t: "set", p: "audience", pt: "msg", to: "operator", tot: "str" }], id);
      }
    }
  });

  it("updates no widget more than twice a second, however many sessions come", () => {
    const store = nodeOf("redoubt-occupancy-store").id;
    const now = flow.filter(({ id }) => wiresOf(id).flat().includes("rdbt-occ-now"));
    assert.deepEqual(
      now.map(({ type, pauseType, rate, nbRateUnits, rateUnits }) => [type, pauseType, rate, nbRateUnits, rateUnits]),
      [["delay", "timed", "1", "1", "second"]],
    );
    for (const widget of ["rdbt-occ-now", "rdbt-occ-heat", "rdbt-occ-sees"])
      assert.equal(reaches(store, widget), false);
    for (const { repeat } of flow.filter(({ type, repeat: every }) => type === "inject" && every !== "")) {
      assert.ok(Number(repeat) >= 5, `${repeat} s`);
    }
  });

  it("leaves HTTP and syslog off until somebody enables their tab and sets a token", () => {
    const tab = byId.get("rdbt-tab-occ-feeds");
    assert.equal(tab?.disabled, true);
    const [http, syslog] = [nodeOf("http in"), nodeOf("udp in")];
    assert.deepEqual([http.z, http.url, http.method], [tab?.id, "/api/wifi-sessions", "post"]);
    assert.deepEqual([syslog.z, syslog.iface, syslog.multicast], [tab?.id, "127.0.0.1", "false"]);
    assert.deepEqual(wiresOf(http.id), [["rdbt-occ-istoken"]]);
    assert.match(String(byId.get("rdbt-occ-istoken")?.property), /\$length\(\$env\('FEED_TOKEN'\)\) > 15 and/);
    const [known, unknown] = wiresOf("rdbt-occ-istoken") as [string[], string[]];
    const store = nodeOf("redoubt-occupancy-store").id;
    assert.deepEqual([reaches(known[0] as string, store), reaches(unknown[0] as string, store)], [true, false]);
    // Whoever sends gets an answer in each case: stored, refused, or not taken over.
    const answer = nodeOf("http response").id;
    assert.ok(wiresOf(store).every(([first]) => reaches(first as string, answer)));
    assert.ok(reaches(nodeOf("catch").id, answer) && reaches(unknown[0] as string, answer));
  });
});
