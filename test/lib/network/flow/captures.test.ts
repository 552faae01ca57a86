// Recorded captures, read by the capture reader.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FlowRecord } from "../../../../lib/common/network.js";
import { readCaptureFile } from "../../../../lib/network/capture/file.js";
import { FlowTable } from "../../../../lib/network/flow/flow-table.js";
import { requireOnMachine, sharedData } from "../../../setup.js";
import { brokenIdentities, FLOW_IDENTITIES } from "../../../support/flow-identities.js";
import { named } from "./packets.js";

const folder = join(sharedData, "pcaps");

async function metered(name: string): Promise<FlowRecord[]> {
  const records: FlowRecord[] = [];
  const table = new FlowTable((record) => records.push(record), { interim: 0 });
  await readCaptureFile(join(folder, name), (packet) => table.packet(packet));
  table.end();
  return records;
}

describe("flows of recorded captures", () => {
  before(function () {
    requireOnMachine(this, existsSync(folder), "captures (REDOUBT_TEST_DATA)");
  });

  it("keep all 28 identities over more than 10,000 flows", async () => {
    const scans = ["tcpconnect", "tcpfin", "tcpnull", "tcpsyn", "udp", "udp_sneaky"].map(
      (name) => `portscan-detector/${name}.pcap.gz`,
    );
    const floods = ["Attack", "nmap_OS_scan", "nmap_standard_scan", "hping_syn"].map(
      (name) => `titaniumorca/${name}.pcap.gz`,
    );
    let flows = 0;
    for (const name of [...scans, ...floods]) {
      for (const record of await metered(name)) {
        flows++;
        const broken = brokenIdentities(record);
        if (broken.length > 0) assert.fail(`${name}: ${broken.join("; ")}: ${JSON.stringify(record)}`);
      }
    }
    assert.equal(FLOW_IDENTITIES.length, 28);
    assert.ok(flows >= 10_000, `${flows} flows`);
  });

  // Roles, packets per direction, payload and (get, handshake-reorder) duration as Zeek's conn.log of them has them.
  const EXPECTED: Record<string, { flows: number; first: string }> = {
    get: { flows: 1, first: "tcp 59856>80 7/7 136/5007 0.211484 whole" },
    "http-vlan-0": { flows: 1, first: "tcp 59856>80 7/7 136/5007 0.211484 whole" },
    "handshake-reorder": { flows: 1, first: "tcp 59856>80 7/7 136/5007 0.141744 whole" },
    "missing-syn": { flows: 1, first: "tcp 56730>80 11/10 98/9417 1.550793" },
    "retransmit-fast009": { flows: 1, first: "tcp 50368>80 17/22 474/28073 60.991770 whole" },
    "single-conn": { flows: 1, first: "tcp 49244>22 52/42 3168/8799 8.614560 whole" },
    sshguess: { flows: 11, first: "tcp 55470>22 26/19 2885/2448 8.219155 whole" },
    mqtt: { flows: 2, first: "tcp 49330>1883 2/1 66/4 0.228828" },
    "5-pings": { flows: 1, first: "icmp 8>0 5/5 280/280 4.032397" },
    ntp: { flows: 16, first: "udp 123>123 1/1 48/48 0.047021" },
    mdns: { flows: 3, first: "udp 5353>5353 9/0 1893/0 5.188788" },
    // Client and server have one address: all packets are forward ones.
    modbusSmall: { flows: 19, first: "tcp 55480>502 10/0 26/0 0.000256 whole" },
    "fragmented-syn": { flows: 1, first: "tcp 12345>80 1/0 0/0 0.000000" },
    "ipv6-http-atomic-frag": { flows: 6, first: "tcp 36951>80 5/5 55/88 0.060950 whole" },
    "arp-leak": { flows: 0, first: "" },
    "linuxsll-arp": { flows: 0, first: "" },
    "nmap-vsn": { flows: 18, first: "tcp 58111>80 1/0 0/0 0.000000" },
  };

  function summary(record: FlowRecord): string {
    const { protocol, originator, responder, handshake } = record;
    const columns = named(record);
    return [
      `${protocol} ${originator.port}>${responder.port} ${columns.fwd_pkts_tot}/${columns.bwd_pkts_tot}`,
      `${columns["fwd_pkts_payload.tot"]}/${columns["bwd_pkts_payload.tot"]} ${columns.flow_duration.toFixed(6)}`,
      ...(handshake ? ["whole"] : []),
    ].join(" ");
  }

  for (const [name, { flows, first }] of Object.entries(EXPECTED)) {
    it(`${name}: ${flows} flows`, async () => {
      const records = await metered(`zeek-btest/${name}.pcap.gz`);
      assert.equal(records.length, flows);
      assert.equal(records[0] ? summary(records[0]) : "", first);
      for (const record of records) assert.deepEqual(brokenIdentities(record), []);
    });
  }
});
