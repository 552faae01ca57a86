import type { Connection } from "./connections.js";
import { type DetectorContext, seconds } from "./context.js";
import { PerSource } from "./sources.js";

const MAX_PORTS = 8;

/** First bytes of clients that are text, by protocol; each is spoken by servers of its own. */
const TEXT: readonly (readonly [string, RegExp])[] = [
  ["bare line ends", /^(?:\r\n)+$/],
  ["HTTP", /^(?:GET|POST|PUT|HEAD|DELETE|PATCH|CONNECT|TRACE|PROPFIND|PRI) |^OPTIONS [^\r\n]* HTTP\//],
  ["RTSP", /^[A-Z]+ [^\r\n]* RTSP\//],
  ["SIP", /^[A-Z]+ sips?:/],
  ["HELP", /^HELP\r?\n/],
  ["SSH", /^SSH-/],
  ["Java RMI", /^JRMI/],
  ["GIOP", /^GIOP/],
  ["LANDesk", /^TNMP/],
  ["NCP", /^DmdT/],
];
/** And those that are not, in hexadecimal. */
const BINARY: readonly (readonly [string, RegExp])[] = [
  ["TLS", /^1603/],
  ["MQTT", /^10(?:..){1,4}000[46]4d51/],
  ["RPC", /^8000.{12}0{8}00000002/],
  ["DNS", /^00.{10}000[01]0{12}/],
  ["RDP", /^030000/],
  ["Kerberos", /^0000.{4}6[ac]/],
  ["SMB", /^00.{6}f[ef]534d42/],
  ["X11", /^(?:6c|42)00(?:0b00|000b)/],
  ["LPD", /^0[1-5](?:[67].)+0a/],
  ["LDAP", /^30(?:84.{8}|..)0201/],
  ["TNS", /^00..000001000000/],
  ["TDS", /^120100/],
];
const LOOKED_AT = 64;
/** nmap's service probes and its scripting engine name themselves (nmap-service-probes; nselib/http.lua). */
const NMAP =
  /\(compatible; Nmap Scripting Engine;|^GET \/nmaplowercheck|^GET \/nice%20ports%2C\/Tri%6Eity|^OPTIONS sip:nm SIP|mstshash=nmap/;
const NMAP_WITHIN = 512;
/** A request without a host after seconds of silence: a scanner that waited for a greeting first. */
const WAITED_S = 4;
const BARE_REQUEST = /^(?:GET|OPTIONS) \/ HTTP\/1\.0\r\n\r\n$/;

interface ProbedPort {
  address: string;
  port: number;
  spoken: Set<string>;
  first: number;
}

/** Version detection: one source that speaks one protocol after the other to the same port, to see which is understood. */
export class ServiceProbeDetector {
  private readonly ports = new PerSource<ProbedPort[]>(() => []);

  constructor(private readonly context: DetectorContext) {}

  /** @param bytes the client's first bytes on a connection. */
  firstBytes(c: Connection, bytes: Buffer): void {
    const { source } = c;
    if (source === undefined) return;
    const isNmap = NMAP.test(bytes.toString("latin1", 0, NMAP_WITHIN));
    const protocol = isNmap ? "nmap's own name" : protocolOf(bytes);
    if (protocol === undefined) return;
    const { incidents, now, thresholds } = this.context;
    const { count, seconds: window } = thresholds["service-probe"];
    const ports = this.ports.of(source);
    let port = ports.find((one) => one.port === c.serverPort && one.address === c.server);
    if (port === undefined) {
      port = { address: c.server, port: c.serverPort, spoken: new Set(), first: now };
      if (ports.length === MAX_PORTS) ports.shift();
      ports.push(port);
    }
    if (now - port.first > window) {
      port.spoken.clear();
      port.first = now;
    }
    port.spoken.add(protocol);
    if (
      c.serverBytes === 0 &&
      now - c.opened >= WAITED_S &&
      BARE_REQUEST.test(bytes.toString("latin1", 0, LOOKED_AT))
    ) {
      port.spoken.add("a request after silence");
    }
    const value = isNmap ? Math.max(count, port.spoken.size) : port.spoken.size;
    if (value < count || incidents.goesOn(source, "service-probe", value)) return;
    this.context.report(
      source,
      "service-probe",
      {
        value,
        firstSeen: port.first,
        target: { address: c.server, port: c.serverPort },
        reasons: [
          `${port.spoken.size} kinds of first words (${[...port.spoken].join(", ")}) spoken to port ${c.serverPort} of ${c.server} in ${seconds(port.first, now)}; a client speaks one`,
        ],
      },
      c.isProved,
    );
  }
}

/** Name of the protocol that a client's first bytes belong to, undefined for one that is not known. */
function protocolOf(bytes: Buffer): string | undefined {
  const text = bytes.toString("latin1", 0, LOOKED_AT);
  const named = TEXT.find(([, pattern]) => pattern.test(text));
  if (named !== undefined) return named[0];
  const hex = bytes.toString("hex", 0, LOOKED_AT);
  return BINARY.find(([, pattern]) => pattern.test(hex))?.[0];
}
