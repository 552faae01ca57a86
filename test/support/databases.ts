// Database servers of the machine, started for tests in folders of their own on ports of their own.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import mysql from "mysql2/promise";
import pg from "pg";
import type { StoreKind, StoreSettings } from "../../lib/occupancy/store/open-driver.js";
import { findCommand } from "../setup.js";
import type { Certificates } from "./certificates.js";
import { freePort } from "./free-port.js";

const USER = "redoubt";
const PASSWORD = "of the tests";
const START_MS = 60_000;

/** What a test needs to know of a database. */
export interface TestDatabase {
  readonly kind: StoreKind;
  /** Files of the database: what a thief of the disk has. */
  readonly folder: string;
  /** Settings of a new, empty database in it. */
  fresh(): Promise<StoreSettings>;
  /** What the vendor's program for backups writes of one. */
  dump(settings: StoreSettings): Buffer;
  /** Ends the server, as for a restart; {@link start} starts it again with the same port and data. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

/** Programs of PostgreSQL are not in the PATH of Debian. */
function postgresqlPrograms(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folder = versions.map((version) => join(root, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
  return folder ?? (findCommand("initdb") ? "" : undefined);
}

function mariadbProgram(): string | undefined {
  return findCommand("mariadbd") ?? ["/usr/sbin/mariadbd"].find(existsSync);
}

/** What to install for a kind of database, or undefined where it is there. */
export function missingDatabase(kind: StoreKind): string | undefined {
  if (kind === "postgresql" && postgresqlPrograms() === undefined) return "apt-get install postgresql";
  if (kind === "mysql" && !(mariadbProgram() && findCommand("mariadb-install-db")))
    return "apt-get install mariadb-server";
  return undefined;
}

/** Both servers refuse to run as root: then another user's identity is taken. */
function identity(name: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const user of [name, "nobody"]) {
    try {
      const id = (what: string) => Number(execFileSync("id", [what, user], { stdio: ["ignore", "pipe", "ignore"] }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // Not on this machine.
    }
  }
  return {};
}

function ownFolder(name: string, who: { uid?: number; gid?: number }): string {
  const folder = mkdtempSync(join(tmpdir(), `redoubt-${name}-`));
  chmodSync(folder, 0o700);
  if (who.uid !== undefined && who.gid !== undefined) chownSync(folder, who.uid, who.gid);
  return folder;
}

const templates = new Map<string, string>();

/**
 * Puts an empty data folder of a server at `data`: made once in this process and copied from then on, which takes a
 * tenth of the time.
 */
function emptyData(
  server: string,
  who: { uid?: number; gid?: number },
  data: string,
  make: (at: string) => void,
): void {
  let template = templates.get(server);
  if (template === undefined) {
    const folder = ownFolder(`${server}-template`, who);
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    template = join(folder, "data");
    make(template);
    templates.set(server, template);
  }
  // With its owner and its rights, which both servers insist on.
  execFileSync("cp", ["-a", template, data]);
}

/** Copies of a server's certificate and key that its user alone can read. */
function ownCertificates({ certificate, key }: Certificates, folder: string, who: { uid?: number; gid?: number }) {
  return [certificate, key].map((path, i) => {
    const copy = join(folder, i === 0 ? "certificate" : "key");
    writeFileSync(copy, readFileSync(path), { mode: 0o600 });
    if (who.uid !== undefined && who.gid !== undefined) chownSync(copy, who.uid, who.gid);
    return copy;
  }) as [string, string];
}

/** A server process and the wait until it answers. */
class Server {
  private child: ChildProcess | undefined;
  private said = "";

  constructor(
    private readonly command: string,
    private readonly parameters: string[],
    private readonly who: { uid?: number; gid?: number },
    private readonly answers: () => Promise<unknown>,
  ) {}

  async start(): Promise<void> {
    this.said = "";
    const child = spawn(this.command, this.parameters, { ...this.who, cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        this.said = `${this.said}${data}`.slice(-4000);
      });
    }
    for (const end = Date.now() + START_MS; ; await sleep(100)) {
      const problem = await this.answers().then(
        () => undefined,
        (error: Error) => error,
      );
      if (!problem) return;
      if (child.exitCode !== null || Date.now() > end) throw new Error(`${problem.message}\n${this.said}`);
    }
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }
}

let databases = 0;
const newName = () => `occupancy_${++databases}`;

async function startPostgresql(certificates?: Certificates): Promise<TestDatabase> {
  const bin = postgresqlPrograms() ?? "";
  const program = (name: string) => (bin === "" ? name : join(bin, name));
  const who = identity("postgres");
  const folder = ownFolder("postgresql", who);
  const data = join(folder, "data");
  const password = join(folder, "password");
  writeFileSync(password, PASSWORD, { mode: 0o644 });
  emptyData("postgresql", who, data, (at) => {
    const initdb = ["-D", at, "-U", USER, "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "--no-sync"];
    execFileSync(program("initdb"), initdb, { ...who, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
  });
  const port = await freePort();
  const settings = (database: string): StoreSettings & { kind: "postgresql" } => {
    return { kind: "postgresql", host: "127.0.0.1", port, user: USER, password: PASSWORD, database };
  };
  const ask = async (sql: string) => {
    const { kind: _, ...where } = settings("postgres");
    const client = new pg.Client(where);
    client.on("error", () => {});
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const options = [
    "listen_addresses=127.0.0.1",
    `unix_socket_directories=${folder}`,
    "fsync=off",
    "shared_buffers=256MB",
  ];
  if (certificates) {
    const [certificate, key] = ownCertificates(certificates, folder, who);
    options.push("ssl=on", `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`);
  }
  const parameters = ["-D", data, "-p", String(port), ...options.flatMap((option) => ["-c", option])];
  const server = new Server(program("postgres"), parameters, who, () => ask("SELECT 1"));
  await server.start();
  return {
    kind: "postgresql",
    folder: data,
    fresh: async () => {
      const name = newName();
      await ask(`CREATE DATABASE ${name}`);
      return settings(name);
    },
    dump: (of) =>
      execFileSync(
        program("pg_dump"),
        ["-h", "127.0.0.1", "-p", String(port), "-U", USER, (of as { database: string }).database],
        {
          env: { ...process.env, PGPASSWORD: PASSWORD },
          maxBuffer: 2 ** 30,
        },
      ),
    stop: () => server.stop("SIGINT"),
    start: () => server.start(),
    remove: async () => {
      await server.stop("SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startMariadb(certificates?: Certificates): Promise<TestDatabase> {
  const who = identity("mysql");
  const folder = ownFolder("mariadb", who);
  const data = join(folder, "data");
  const socket = join(folder, "s");
  emptyData("mariadb", who, data, (at) => {
    mkdirSync(at);
    if (who.uid !== undefined && who.gid !== undefined) chownSync(at, who.uid, who.gid);
    const install = ["--no-defaults", `--datadir=${at}`, "--auth-root-authentication-method=normal", "--skip-test-db"];
    execFileSync("mariadb-install-db", install, { ...who, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
  });
  const init = join(folder, "init.sql");
  const account = `CREATE USER IF NOT EXISTS '${USER}'@'%' IDENTIFIED BY '${PASSWORD}';`;
  writeFileSync(init, `${account}\nGRANT ALL ON *.* TO '${USER}'@'%' WITH GRANT OPTION;\n`, { mode: 0o644 });
  const port = await freePort();
  const login = { host: "127.0.0.1", port, user: USER, password: PASSWORD };
  const ask = async (sql: string) => {
    const client = await mysql.createConnection(login);
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const options = [
    "--no-defaults",
    `--datadir=${data}`,
    `--socket=${socket}`,
    `--pid-file=${join(folder, "pid")}`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    `--init-file=${init}`,
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=512M",
    "--skip-name-resolve",
  ];
  if (certificates) {
    const [certificate, key] = ownCertificates(certificates, folder, who);
    options.push(`--ssl-cert=${certificate}`, `--ssl-key=${key}`);
  }
  const server = new Server(mariadbProgram() ?? "mariadbd", options, who, () => ask("SELECT 1"));
  await server.start();
  return {
    kind: "mysql",
    folder: data,
    fresh: async () => {
      const database = newName();
      await ask(`CREATE DATABASE ${database}`);
      return { kind: "mysql", ...login, database };
    },
    dump: (of) =>
      execFileSync(
        "mariadb-dump",
        [
          "--no-defaults",
          "-h",
          "127.0.0.1",
          `-P${port}`,
          `-u${USER}`,
          "--hex-blob=0",
          (of as { database: string }).database,
        ],
        { env: { ...process.env, MYSQL_PWD: PASSWORD }, maxBuffer: 2 ** 30 },
      ),
    stop: () => server.stop("SIGTERM"),
    start: () => server.start(),
    remove: async () => {
      await server.stop("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sqliteFolder(): TestDatabase {
  const folder = mkdtempSync(join(tmpdir(), "redoubt-occupancy-"));
  return {
    kind: "sqlite",
    folder,
    fresh: async () => ({ kind: "sqlite", path: join(folder, `${newName()}.db`) }),
    dump: () => Buffer.alloc(0),
    stop: async () => {},
    start: async () => {},
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Starts a database for tests; the caller removes it. With certificates the server offers TLS. */
export async function startDatabase(kind: StoreKind, certificates?: Certificates): Promise<TestDatabase> {
  if (kind === "postgresql") return await startPostgresql(certificates);
  return kind === "mysql" ? await startMariadb(certificates) : sqliteFolder();
}

const shared = new Map<StoreKind, Promise<TestDatabase>>();
// Drills have no hooks.
if (typeof after === "function") {
  after(async () => {
    for (const database of shared.values()) await (await database).remove();
  });
}

/** The one database of this kind that all tests of this process share: {@link TestDatabase.fresh} parts them. */
export function sharedDatabase(kind: StoreKind): Promise<TestDatabase> {
  const database = shared.get(kind) ?? startDatabase(kind);
  shared.set(kind, database);
  return database;
}
