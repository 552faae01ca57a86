// Builds and proves the firmware's core: node scripts/firmware.mjs <step…> [--seconds n] [--suite name]
//   plain     gcc as it comes: unit tests, vectors
//   host      gcc, ASan and UBSan: the same; both backends of the crypto port
//   clang     the same with clang
//   rv32      rv32imac in QEMU: the same tests, and the same bytes as on this host
//   lint      cppcheck and clang-tidy
//   coverage  of firmware/core, at least 95 % of the lines
//   size      bytes of the core for rv32imac
//   fuzz      the parsers of commands and provisioning records, each --seconds long (10)
//   all       everything
// --suite takes Mbed TLS for rv32 from another Debian release, such as trixie (Mbed TLS 3.6).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "firmware");
const work = join(root, ".cache", "firmware");
const vectors = join(root, "test", "vectors", "cose-a128gcm.json");
const MIN_COVERAGE = 95;
const SANITIZERS = "-DREDOUBT_SANITIZE=address,undefined";
const QEMU = ["-machine", "virt", "-bios", "none", "-display", "none", "-serial", "none", "-monitor", "none"];

const PACKAGES = {
  cmake: "cmake",
  make: "make",
  gcc: "gcc",
  "clang-14": "clang-14 libclang-rt-14-dev",
  "clang-tidy-14": "clang-tidy-14",
  cppcheck: "cppcheck",
  gcovr: "gcovr",
  "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
  "qemu-system-riscv32": "qemu-system-misc",
  "dpkg-source": "dpkg-dev",
};

class StepFailure extends Error {}

function has(command) {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, command)));
}

/** Runs a program to its end; what it prints is shown, or returned where `isQuiet`. */
function run(command, args, { cwd = root, env = {}, isQuiet = false } = {}) {
  if (!has(command) && !command.startsWith("/")) {
    throw new StepFailure(`${command} is missing: apt-get install ${PACKAGES[command] ?? command}`);
  }
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", isQuiet ? "pipe" : "inherit", isQuiet ? "pipe" : "inherit"],
    maxBuffer: 64 * 1024 * 1024,
    timeout: 1_800_000,
  });
  if (error) throw error;
  if (status === 0) return `${stdout ?? ""}`;
  if (isQuiet) process.stderr.write(`${stdout}${stderr}`);
  throw new StepFailure(`${command} ${args.join(" ")} ended with ${status}`);
}

/** Configures and builds into a folder of its own, which it returns. */
function build(name, options, targets = []) {
  const folder = join(work, name);
  run("cmake", ["-S", source, "-B", folder, "-G", "Unix Makefiles", ...options], { isQuiet: true });
  run("make", ["-C", folder, "-s", `-j${availableParallelism()}`, ...targets], { isQuiet: true });
  return folder;
}

/** Runs both test programs. @returns what they print. */
function runTests(folder, how = (program) => run(program, [], { isQuiet: true })) {
  const [units, answers] = ["unit-tests", "vectors"].map((program) => how(join(folder, "tests", program)));
  console.log(`   ${units.trim().split("\n").at(-1)}; ${answers.trim().split("\n").length - 2} lines of vectors`);
  return { units, answers };
}

function same(a, b, names) {
  if (a === b) return;
  const [left, right] = [a.split("\n"), b.split("\n")];
  const at = left.findIndex((line, index) => line !== right[index]);
  throw new StepFailure(`${names} differ:\n${left[at]}\n${right[at]}`);
}

function plain() {
  return runTests(build("plain", ["-DCMAKE_BUILD_TYPE=Release"])).answers;
}

function host() {
  const { answers } = runTests(build("host", [SANITIZERS, "-DCMAKE_BUILD_TYPE=Debug"]));
  const psa = runTests(build("psa", [SANITIZERS, "-DCMAKE_BUILD_TYPE=Debug", "-DREDOUBT_CRYPTO=psa"]));
  same(answers, psa.answers, "the backends mbedtls and psa");
  return answers;
}

function clang() {
  runTests(build("clang", ["-DCMAKE_C_COMPILER=clang-14", SANITIZERS, "-DCMAKE_BUILD_TYPE=RelWithDebInfo"]));
}

/** Name of this machine's Debian release. */
function ownSuite() {
  return /^VERSION_CODENAME=(\w+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "bookworm";
}

/**
 * The sources of Mbed TLS, as Debian's package has them: Debian builds it for hosts only. apt checks the signature; it
 * works in folders of its own, so that nothing of this machine is changed. They are kept in .cache/.
 */
function mbedtlsSource(suite) {
  const folder = join(work, `mbedtls-${suite}`);
  const sources = join(folder, "source");
  if (existsSync(join(sources, "library", "gcm.c"))) return sources;
  run("dpkg-source", ["--version"], { isQuiet: true });
  mkdirSync(join(folder, "lists", "partial"), { recursive: true });
  mkdirSync(join(folder, "archives", "partial"), { recursive: true });
  const list = join(folder, "sources.list");
  const line = (url, name) =>
    `deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${url} ${name} main\n`;
  writeFileSync(
    list,
    line("http://deb.debian.org/debian", suite) + line("http://deb.debian.org/debian-security", `${suite}-security`),
  );
  const settings = {
    "Dir::Etc::sourcelist": list,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": join(folder, "lists"),
    "Dir::Cache": folder,
    "APT::Sandbox::User": "root",
    "Acquire::Retries": "5",
    "Acquire::Languages": "none",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  run("apt-get", ["-q", ...options, "update"], { cwd: folder, isQuiet: true });
  run("apt-get", ["-q", ...options, "source", "--download-only", "mbedtls"], { cwd: folder, isQuiet: true });
  const description = readdirSync(folder).find((name) => name.endsWith(".dsc"));
  rmSync(sources, { recursive: true, force: true });
  run("dpkg-source", ["-x", join(folder, description), sources], { cwd: folder, isQuiet: true });
  rmSync(join(folder, "lists"), { recursive: true, force: true });
  return sources;
}

function buildRv32(suite) {
  return build(`rv32-${suite}`, [
    `-DCMAKE_TOOLCHAIN_FILE=${join(source, "toolchain", "rv32.cmake")}`,
    "-DCMAKE_BUILD_TYPE=MinSizeRel",
    `-DREDOUBT_MBEDTLS_SOURCE=${mbedtlsSource(suite)}`,
  ]);
}

/** A program in QEMU: its output, where main returned 0. */
function emulate(program) {
  const semihosting = ["-chardev", "stdio,id=out", "-semihosting-config", "enable=on,chardev=out"];
  return run("qemu-system-riscv32", [...QEMU, ...semihosting, "-kernel", program], { isQuiet: true });
}

function rv32({ suite }) {
  const own = plain();
  const { answers } = runTests(buildRv32(suite), emulate);
  same(own, answers, "this host and rv32imac");
  console.log("   rv32imac and this host print the same bytes");
}

function size({ suite }) {
  const folder = buildRv32(suite);
  const tool = "riscv64-unknown-elf-size";
  const library = join(folder, "core", "libredoubt_core.a");
  const rows = run(tool, [library], { isQuiet: true }).trim().split("\n").slice(1);
  const sums = { text: 0, data: 0, bss: 0 };
  for (const row of rows) {
    const [text, data, bss, , , name] = row.trim().split(/\s+/);
    console.log(`   ${text.padStart(6)} ${name}`);
    sums.text += Number(text);
    sums.data += Number(data);
    sums.bss += Number(bss);
  }
  console.log(`   core for rv32imac at -Os: ${sums.text} bytes of text, ${sums.data} of data, ${sums.bss} of bss`);
}

function lint() {
  const folder = join(work, "lint");
  run("cmake", ["-S", source, "-B", folder, "-DREDOUBT_TESTS=OFF"], { isQuiet: true });
  const include = ["core/include", "host/storage", "tests"].map((name) => `-I${join(source, name)}`);
  const suppressed = ["missingIncludeSystem", "unmatchedSuppression"].map((name) => `--suppress=${name}`);
  run(
    "cppcheck",
    [
      ...["--quiet", "--enable=warning,style,performance,portability", "--inconclusive", "--std=c11"],
      ...["--error-exitcode=1", `-j${availableParallelism()}`, ...suppressed, ...include],
      ...["core", "host/storage", "fuzz", "tests"].map((name) => join(source, name)),
    ],
    {},
  );
  const files = ["core/src", "host/storage"].flatMap((name) =>
    readdirSync(join(source, name))
      .filter((file) => file.endsWith(".c") && file !== "crypto_psa.c")
      .map((file) => join(source, name, file)),
  );
  const half = Math.ceil(files.length / 2);
  const commands = [files.slice(0, half), files.slice(half)].map(
    (part) => `clang-tidy-14 --quiet -p '${folder}' ${part.map((file) => `'${file}'`).join(" ")} 2>/dev/null`,
  );
  if (!has("clang-tidy-14")) throw new StepFailure("clang-tidy-14 is missing: apt-get install clang-tidy-14");
  run("bash", ["-c", `${commands[0]} & first=$!; ${commands[1]}; second=$?; wait $first && exit $second`]);
  console.log(`   cppcheck and clang-tidy have nothing to say about ${files.length} files`);
}

function coverage() {
  const folder = build("coverage", ["-DREDOUBT_COVERAGE=ON", "-DCMAKE_BUILD_TYPE=Debug"]);
  for (const name of readdirSync(folder, { recursive: true })) {
    if (name.endsWith(".gcda")) rmSync(join(folder, name));
  }
  runTests(folder);
  const filter = ["-r", source, "--filter", `${join(source, "core", "src")}/`, "--object-directory", folder];
  run("gcovr", [...filter, "--fail-under-line", String(MIN_COVERAGE), folder]);
}

function fuzz({ seconds }) {
  const folder = build("fuzz", [
    ...["-DCMAKE_C_COMPILER=clang-14", SANITIZERS, "-DREDOUBT_FUZZ=ON"],
    ...["-DREDOUBT_TESTS=OFF", "-DCMAKE_BUILD_TYPE=RelWithDebInfo"],
  ]);
  const seeds = join(work, "seeds");
  run(process.execPath, [join(source, "fuzz", "make-corpus.mjs"), vectors, seeds]);
  for (const [name, longest] of Object.entries({ command: 2100, provisioning: 200 })) {
    // Findings and new inputs stay out of the seeds, which the vectors make anew.
    const found = join(work, "corpus", name);
    mkdirSync(found, { recursive: true });
    const options = [`-max_total_time=${seconds}`, `-max_len=${longest}`, "-print_final_stats=1", "-verbosity=0"];
    const artifacts = `-artifact_prefix=${join(work, `${name}-`)}`;
    const { status, stderr } = spawnSync(
      join(folder, "fuzz", `fuzz-${name}`),
      [...options, artifacts, found, join(seeds, name)],
      { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
    );
    const runs = /number_of_executed_units: (\d+)/.exec(stderr)?.[1];
    if (status !== 0) throw new StepFailure(`fuzz-${name} ended with ${status}:\n${stderr.slice(-4000)}`);
    console.log(`   ${name}: ${runs} executions in ${seconds} s, no finding`);
  }
}

const STEPS = { plain, host, clang, rv32, lint, coverage, size, fuzz };

const { values, positionals } = parseArgs({
  options: { seconds: { type: "string", default: "10" }, suite: { type: "string", default: ownSuite() } },
  allowPositionals: true,
});
const names = positionals.includes("all") ? Object.keys(STEPS) : positionals;
const unknown = names.find((name) => !Object.hasOwn(STEPS, name));
const seconds = Number(values.seconds);
if (names.length === 0 || unknown !== undefined || !/^\w+$/.test(values.suite) || !(seconds > 0)) {
  console.error(`${unknown ?? "which step"}? One or more of: ${Object.keys(STEPS).join(", ")}, all`);
  process.exit(2);
}
for (const name of names) {
  const begin = performance.now();
  console.log(`== firmware: ${name}`);
  try {
    STEPS[name]({ seconds, suite: values.suite });
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    console.error(error.message);
    process.exit(1);
  }
  console.log(`   ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}
