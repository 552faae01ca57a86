import type { Application, Connection } from "./connections.js";
import { type DetectorContext, seconds } from "./context.js";
import { PerSource } from "./sources.js";
import { SshSession } from "./ssh-session.js";
import { WindowCount } from "./window-count.js";

const MIN_CONNECTIONS = 4;

interface Guesses {
  refused: WindowCount;
  connections: WindowCount;
  first: number;
}

/** Many refused SSH logins of one source, in several connections. */
export class SshBruteForceDetector {
  private readonly guesses: PerSource<Guesses>;

  constructor(private readonly context: DetectorContext) {
    const { seconds: window } = context.thresholds["ssh-brute-force"];
    this.guesses = new PerSource(() => ({
      refused: new WindowCount(window),
      connections: new WindowCount(window),
      first: 0,
    }));
  }

  listen(c: Connection): Application & SshSession {
    let inThis = 0;
    return new SshSession((by) => {
      const before = inThis;
      inThis += by;
      this.count(c, by, before === 0 ? 1 : inThis === 0 ? -1 : 0);
    });
  }

  private count(c: Connection, by: number, connections: number): void {
    const { source } = c;
    if (source === undefined) return;
    const { incidents, now, thresholds } = this.context;
    const { count, seconds: window } = thresholds["ssh-brute-force"];
    const guesses = this.guesses.of(source);
    if (guesses.refused.at(now) === 0) guesses.first = c.opened;
    const refused = guesses.refused.add(now, by);
    const inConnections = guesses.connections.add(now, connections);
    if (by < 0 || refused < count || inConnections < MIN_CONNECTIONS) return;
    if (incidents.goesOn(source, "ssh-brute-force", refused)) return;
    this.context.report(
      source,
      "ssh-brute-force",
      {
        value: refused,
        firstSeen: guesses.first,
        target: { address: c.server, port: c.serverPort },
        reasons: [
          `${refused} SSH logins at ${c.server} refused in ${inConnections} connections in ${seconds(guesses.first, now)}; ${count} within ${window} s are guessing`,
        ],
      },
      c.isProved,
    );
  }
}
