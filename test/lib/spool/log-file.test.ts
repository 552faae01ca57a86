import assert from "node:assert/strict";
import { constants, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLogFile } from "../../../lib/spool/log-file.js";
import { requireOnMachine } from "../../setup.js";

/** Where Linux tells of the open files of this process. */
const DESCRIPTORS = "/proc/self/fd";

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(join(DESCRIPTORS, descriptor));
  } catch {
    // It was closed meanwhile, as that for reading the folder.
    return "";
  }
}

/** The flags (open(2)) of an open file of this process. */
function flagsOf(path: string): number {
  const descriptor = readdirSync(DESCRIPTORS).find((name) => targetOf(name) === path);
  const told = readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8");
  return Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(told)?.[1] ?? "", 8);
}

describe("file of a log", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-log-file-"));
    path = join(folder, "1.seg");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("puts bytes where they belong, for its owner alone, and is made once", async () => {
    const file = await openLogFile(path);
    await file.commit(Buffer.from("first second"), 0);
    await file.commit(Buffer.from("SECOND"), 6);
    await file.truncate(9);
    await file.close();
    assert.equal(readFileSync(path, "utf8"), "first SEC");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await assert.rejects(openLogFile(path), { code: "EEXIST" });
  });

  it("is opened so that Linux flushes each write before it returns", async function () {
    requireOnMachine(this, existsSync(DESCRIPTORS), "Linux's /proc");
    const file = await openLogFile(path);
    assert.equal(flagsOf(path) & constants.O_DSYNC, constants.O_DSYNC);
    await file.close();
  });
});
