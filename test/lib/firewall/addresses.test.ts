import assert from "node:assert/strict";
import fc from "fast-check";
import { AllowList } from "../../../lib/firewall/allow-list.js";
import { isWithin, parseCanonicalIp, parseIp, parsePrefix } from "../../../lib/firewall/ip-address.js";
import { ipv4Gateways, ipv6Gateways, Machine, nameServers } from "../../../lib/firewall/machine.js";
import { specialUse } from "../../../lib/firewall/special-use.js";
import { checkedTarget, parseMac, parseTarget } from "../../../lib/firewall/target.js";
import { anyCharacter } from "../../support/any-character.js";

const SEED = { seed: 6, numRuns: 500 };
const address = (text: string) => parseIp(text) ?? assert.fail(text);

describe("firewall: addresses", () => {
  it("reads IPv6 in any notation and writes it as RFC 5952 does", () => {
    const cases: [string, string][] = [
      ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
      ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
      ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
      ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
      ["::", "::"],
      ["::1", "::1"],
      ["fe80::", "fe80::"],
      ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ];
    for (const [given, canonical] of cases) assert.equal(parseIp(given)?.text, canonical, given);
  });

  it("takes every IPv6 address, and its canonical text again", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const parsed = parseIp(text);
        if (!parsed) return /^(0*:)*:*ffff:/i.test(text) || text.includes(".");
        const url = new URL(`http://[${text}]/`).hostname.slice(1, -1);
        return parsed.text === url && parseCanonicalIp(parsed.text)?.text === parsed.text;
      }),
      SEED,
    );
  });

  it("takes nothing that is not exactly one canonical address", () => {
    const hostile = [
      "10.0.0.5; rm -rf",
      "10.0.0.5\n",
      " 10.0.0.5",
      "10.0.0.05",
      "010.0.0.5",
      "10.0.0.0/24",
      "10.0.0.5 10.0.0.6",
      "0x0a000005",
      "167772165",
      "10.5",
      "fe80::1%eth0",
      "::ffff:10.0.0.5",
      "::ffff:a00:5",
      "2001:DB8::1",
      "2001:db8:0::1",
      "$(reboot)",
      "-j",
      "",
      "02:00:00:00:00:66;",
      "03:00:00:00:00:66",
      "00:00:00:00:00:00",
      "02-00-00-00-00-66",
      "0.0.0.0/0",
    ];
    for (const text of hostile) {
      assert.equal(parseTarget(text), undefined, JSON.stringify(text));
      assert.throws(() => checkedTarget({ text }), TypeError);
    }
    for (const value of [undefined, null, 5, {}, [], ["10.0.0.5"], { toString: () => "10.0.0.5" }]) {
      assert.equal(parseTarget(value), undefined);
    }
    assert.deepEqual(parseTarget("10.0.0.5"), { kind: "ipv4", text: "10.0.0.5" });
    assert.deepEqual(parseTarget("02:00:00:00:00:66"), { kind: "mac", text: "02:00:00:00:00:66" });
    assert.equal(parseMac("AA:00:00:00:00:0F"), "aa:00:00:00:00:0f");
  });

  it("makes a target of no text but characters of addresses", () => {
    const nearly = fc
      .tuple(fc.ipV4(), fc.nat(15), fc.constantFrom(";", "\n", " ", "$", "`", "|", "\0", "/", ","))
      .map(([text, at, character]) => text.slice(0, at) + character + text.slice(at));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: anyCharacter }), nearly, fc.ipV4(), fc.ipV6()), (text) => {
        const target = parseTarget(text);
        return target === undefined || (target.text === text && /^[0-9a-f.:]+$/.test(target.text));
      }),
      SEED,
    );
  });

  it("knows what lies within a network, bit by bit", () => {
    const within = (text: string, network: string) =>
      isWithin(address(text), parsePrefix(network) ?? assert.fail(network));
    assert.ok(within("10.0.0.255", "10.0.0.0/24") && !within("10.0.1.0", "10.0.0.0/24"));
    assert.ok(within("10.0.0.127", "10.0.0.64/26") && !within("10.0.0.128", "10.0.0.64/26"));
    assert.ok(within("2001:db8::1", "2001:db8::/33") && !within("2001:db8:8000::1", "2001:db8::/33"));
    assert.ok(within("255.1.2.3", "0.0.0.0/0") && !within("::1", "0.0.0.0/0"));
    assert.equal(parsePrefix("10.1.2.3/20")?.address.text, "10.1.0.0");
    for (const text of ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "::/129", "x/8", "10.0.0.0/1e1"]) {
      assert.equal(parsePrefix(text), undefined, text);
    }
  });

  it("tells what no host may have", () => {
    const cases: Record<string, string | undefined> = {
      "127.0.0.1": "loopback",
      "::1": "loopback",
      "224.0.0.251": "multicast",
      "ff02::fb": "multicast",
      "255.255.255.255": "broadcast",
      "0.0.0.0": "unspecified",
      "::": "unspecified",
      "169.254.1.1": "link-local",
      "fe80::1": "link-local",
      "240.0.0.1": "reserved",
      "64:ff9b::a00:5": "reserved",
      "10.0.0.5": undefined,
      "192.168.1.7": undefined,
      "2001:db8::5": undefined,
      "fd00::5": undefined,
    };
    for (const [text, use] of Object.entries(cases)) assert.equal(specialUse(address(text)), use, text);
  });

  it("reads the allow-list and says which row is wrong", () => {
    const allow = AllowList.read([
      { address: "10.0.0.0/24" },
      { address: "10.0.0.7" },
      { address: "10.1.0.5", mac: "02:AA:00:00:00:05" },
      { address: "2001:DB8::/64" },
    ]);
    assert.deepEqual(
      allow.networks.map(({ address: { text }, length }) => `${text}/${length}`),
      ["10.0.0.0/24", "2001:db8::/64"],
    );
    assert.ok(allow.hasAddress(address("10.0.0.200")) && allow.hasAddress(address("10.1.0.5")));
    assert.ok(allow.hasMac("02:aa:00:00:00:05") && !allow.hasAddress(address("10.1.0.6")));
    const wrong: [unknown, RegExp][] = [
      [[{ address: "10.0.0.5; rm -rf" }], /row 1/],
      [[{ address: "10.0.0.5" }, { address: "10.0.0.0/24", mac: "02:00:00:00:00:01" }], /row 2.*one address/],
      [[{ address: "10.0.0.5", mac: "ff:ff:ff:ff:ff:ff" }], /row 1.*MAC/],
      [[null], /row 1/],
      ["10.0.0.5", /list/],
    ];
    for (const [rows, message] of wrong) assert.throws(() => AllowList.read(rows), message);
  });

  it("reads gateways and name servers of this machine", () => {
    const table =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\nens4\t00000000\t0103A8C0\t0003\t0\nens4\t0003A8C0\t00000000\t0001\t0\n";
    assert.deepEqual(ipv4Gateways(table, "LE"), ["192.168.3.1"]);
    assert.deepEqual(ipv4Gateways(table, "BE"), ["1.3.168.192"]);
    const zeros = "0".repeat(32);
    const hop = "fe800000000000000000000000000001";
    assert.deepEqual(ipv6Gateways(`${zeros} 00 ${zeros} 00 ${hop} 00000400 1 0 00450003 eth0\n`), ["fe80::1"]);
    assert.deepEqual(ipv6Gateways(`${zeros} 00 ${zeros} 00 ${zeros} ffffffff 1 0 00200200 lo\n`), []);
    const text = "# nameserver 9.9.9.9\nnameserver 192.0.2.53\n nameserver fe80::1%eth0\nsearch example.org\n";
    assert.deepEqual(nameServers(text), ["192.0.2.53", "fe80::1"]);
  });

  it("keeps to the gateway's card that it saw first, whoever forges its ARP later", () => {
    let card = "02:00:00:00:00:fe";
    const machine = new Machine({
      hasProc: true,
      interfaces: () => ({
        eth0: [
          {
            address: "10.77.0.1",
            netmask: "255.255.255.0",
            family: "IPv4",
            mac: "02:00:00:00:00:01",
            internal: false,
            cidr: null,
          },
        ],
      }),
      read: (path) => {
        if (path === "/proc/net/route") return "h\neth0\t00000000\tFE004D0A\t0003\n";
        if (path === "/proc/net/arp") return `h\n10.77.0.254 0x1 0x2 ${card} * eth0\n`;
        throw Object.assign(new Error("none"), { code: "ENOENT" });
      },
    });
    const facts = machine.facts();
    assert.deepEqual([...facts.gateways], ["10.77.0.254"]);
    assert.deepEqual([...facts.broadcasts].sort(), ["10.77.0.0", "10.77.0.255"]);
    assert.deepEqual([[...facts.addresses], [...facts.macs]], [["10.77.0.1"], ["02:00:00:00:00:01"]]);
    card = "02:00:00:00:00:66";
    assert.deepEqual([...machine.facts().gatewayMacs], ["02:00:00:00:00:fe"]);
  });

  it("knows nobody where the routes cannot be read", () => {
    const read = () => {
      throw Object.assign(new Error("not permitted"), { code: "EACCES" });
    };
    assert.throws(() => new Machine({ hasProc: true, interfaces: () => ({}), read }).facts(), /not permitted/);
    assert.equal(new Machine().facts().addresses.has("127.0.0.1"), true);
  });
});
