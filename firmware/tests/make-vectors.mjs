// Writes test/vectors/cose-a128gcm.json as a C header, so that a program without files can read it too:
//   node make-vectors.mjs <cose-a128gcm.json> <vectors.h>
import { readFileSync, writeFileSync } from "node:fs";

const [input, output] = process.argv.slice(2);
const vectors = JSON.parse(readFileSync(input, "utf8"));

/** C has no shorter escape that ends by itself than three octal digits. */
const text = (value) => {
  if (value === null || value === undefined) return "NULL";
  const bytes = [...Buffer.from(value)].map((byte) => {
    if (byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c && byte !== 0x3f)
      return String.fromCharCode(byte);
    return `\\${byte.toString(8).padStart(3, "0")}`;
  });
  return `"${bytes.join("")}"`;
};
const number = (value) => (value === null ? "NAN" : `${value}${Number.isInteger(value) ? ".0" : ""}`);
const rows = (items) => items.map((item) => `  {${item.join(", ")}},`).join("\n");

const kinds = { number: "REDOUBT_NUMBER", boolean: "REDOUBT_BOOLEAN", text: "REDOUBT_TEXT" };
const quantity = ({ name, kind, value, decimals }) =>
  [
    text(name),
    kinds[kind],
    kind === "boolean" ? number(Number(value)) : number(kind === "number" ? value : 0),
    decimals,
    kind === "text" ? text(value) : "NULL",
  ].join(", ");

const parts = [
  "/* Made by make-vectors.mjs from test/vectors/cose-a128gcm.json. */",
  "static const struct seal_case seal_cases[] = {",
  rows(
    vectors.seal.map((entry) => [
      ...[text(entry.name), text(entry.deviceKey), text(entry.device), `${entry.epoch}U`],
      ...[`UINT64_C(0x${entry.counter})`, text(entry.bootId), text(entry.topic), text(entry.plaintext)],
      ...[text(entry.message)],
    ]),
  ),
  "};",
  "static const struct refused_case refused_cases[] = {",
  rows(
    vectors.refused.map((entry) => [
      ...[text(entry.name), text(entry.deviceKey), text(entry.topic), text(entry.message), text(entry.code)],
    ]),
  ),
  "};",
  "static const struct command_case command_cases[] = {",
  rows(
    vectors.command.map(({ accepted = {}, ...entry }) => [
      ...[text(entry.name), text(entry.deviceKey), text(entry.device), text(entry.topic), `INT64_C(${entry.now})`],
      ...[`UINT64_C(${entry.last})`, text(entry.message), text(entry.outcome), text(accepted.command ?? "")],
      ...[text(accepted.id ?? ""), `UINT64_C(${accepted.number ?? 0})`, `INT64_C(${accepted.expires ?? 0})`],
      ...[text(accepted.arguments)],
    ]),
  ),
  "};",
  "static const struct provisioning_case provisioning_cases[] = {",
  rows(
    vectors.provisioning.map(({ record = {}, ...entry }) => [
      ...[text(entry.name), text(entry.text), text(entry.outcome), text(record.device ?? ""), `${record.epoch ?? 0}U`],
      ...[text(record.key ?? ""), text(record.password ?? "")],
    ]),
  ),
  "};",
  ...vectors.reading.map(({ quantities }, index) => {
    const items = quantities.map((entry) => [quantity(entry)]);
    const list = items.length > 0 ? rows(items) : '  {"", REDOUBT_NUMBER, 0.0, 0, NULL},';
    return `static const struct redoubt_quantity quantities_${index}[] = {\n${list}\n};`;
  }),
  "static const struct reading_case reading_cases[] = {",
  rows(
    vectors.reading.map((entry, index) => [
      ...[text(entry.name), text(entry.device), `UINT64_C(${entry.sequence})`, `INT64_C(${entry.timestamp})`],
      ...[number(entry.cpu), number(entry.battery), `quantities_${index}`, `${entry.quantities.length}U`],
      ...[text(entry.json)],
    ]),
  ),
  "};",
];
writeFileSync(output, `${parts.join("\n")}\n`);
