import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { NetworkAlert } from "../../../../lib/common/network.js";
import { readCaptureFile } from "../../../../lib/network/capture/file.js";
import { NetworkDetectors } from "../../../../lib/network/detect/network-detectors.js";
import type { Packet } from "../../../../lib/network/packet.js";
import { requireOnMachine, sharedData } from "../../../setup.js";
import { began } from "../../../support/detections.js";

const FOLDER = join(sharedData, "pcaps");

/** What is found in each capture that holds an attack; all others are ordinary. */
const ATTACKS: Record<string, string[]> = {
  "portscan-detector/tcpconnect": ["host-scan 192.168.5.158", "connect-scan 192.168.5.158"],
  "portscan-detector/tcpfin": ["host-scan 192.168.5.158", "fin-scan 192.168.5.158"],
  "portscan-detector/tcpnull": ["host-scan 192.168.5.158", "null-scan 192.168.5.158"],
  "portscan-detector/tcpsyn": ["host-scan 192.168.5.158", "syn-scan 192.168.5.158"],
  "portscan-detector/udp": ["host-scan 192.168.5.161", "udp-scan 192.168.5.161"],
  // Named for a UDP scan, but the capture ends within the ARP sweep before it.
  "portscan-detector/udp_sneaky": ["host-scan 192.168.5.164"],
  "titaniumorca/Attack": ["spoofed-syn-flood "],
  "titaniumorca/hping_syn": ["syn-flood 192.168.75.137"],
  "titaniumorca/nmap_OS_scan": ["syn-scan 192.168.100.103", "os-probe 192.168.100.103"],
  "titaniumorca/nmap_standard_scan": ["syn-scan 192.168.100.103"],
  "zeek-btest/nmap-vsn": ["host-scan 192.168.1.71"],
  "zeek-btest/sshguess": ["ssh-brute-force 192.168.56.1"],
};

describe("detectors on real captures", () => {
  const folders = existsSync(FOLDER)
    ? readdirSync(FOLDER, { withFileTypes: true }).filter((one) => one.isDirectory())
    : [];
  const names = folders.flatMap(({ name }) =>
    readdirSync(join(FOLDER, name))
      .filter((file) => file.endsWith(".pcap.gz"))
      .map((file) => `${name}/${file.replace(".pcap.gz", "")}`),
  );

  it("knows the captures", function () {
    requireOnMachine(this, existsSync(FOLDER), "shared data (pcaps)");
    assert.deepEqual(
      Object.keys(ATTACKS).filter((name) => !names.includes(name)),
      [],
    );
  });

  for (const name of names) {
    it(`${name}, begun in its middle or seen from one side: nobody else is accused`, async () => {
      const found = ATTACKS[name] ?? [];
      const accused = new Set(found.map((one) => one.split(" ")[1]));
      const attacker = [...accused].find((address) => address !== "");
      const views: ((p: Packet, i: number, count: number) => boolean)[] = [
        (_p, i, count) => i > count / 2,
        (p) => p.source === attacker,
        (p) => p.source !== attacker,
      ];
      let count = 0;
      await readCaptureFile(join(FOLDER, `${name}.pcap.gz`), () => {
        count += 1;
      });
      for (const isSeen of found.length > 0 ? views : views.slice(0, 1)) {
        const alerts: NetworkAlert[] = [];
        const detectors = new NetworkDetectors({ onAlert: (alert) => alerts.push(alert) });
        let i = 0;
        await readCaptureFile(join(FOLDER, `${name}.pcap.gz`), (p) => {
          if (isSeen(p, i++, count)) detectors.packet(p);
        });
        detectors.end();
        for (const { source, kind } of alerts) assert.ok(accused.has(source.address), `${kind} ${source.address}`);
      }
    });

    it(`${name}: ${ATTACKS[name]?.join(", ") ?? "nothing"}`, async () => {
      const alerts: NetworkAlert[] = [];
      const detectors = new NetworkDetectors({ onAlert: (alert) => alerts.push(alert) });
      await readCaptureFile(join(FOLDER, `${name}.pcap.gz`), (p) => detectors.packet(p));
      detectors.end();
      assert.deepEqual(began(alerts), ATTACKS[name] ?? []);
    });
  }
});
