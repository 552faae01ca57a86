// Signs a firmware image for updates over the air: node sign-image.mjs --key key.pem --version 2 firmware.bin out.update
//
// "RDBTOTA1", version (4 bytes), length of the image (4), length of the signature (2), signature, image; numbers are
// big-endian. The signature is ECDSA with P-256 and SHA-256, in DER, over magic, version, length and image.
// A key pair: openssl ecparam -genkey -name prime256v1 -noout -out key.pem; openssl ec -in key.pem -pubout -out public.pem
import { createPrivateKey, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

function usage(problem) {
  console.error(`${problem}\nusage: node sign-image.mjs --key <file> --version <n> <image> <out>`);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  options: { key: { type: "string" }, version: { type: "string" } },
  allowPositionals: true,
});
const [imageFile, outFile] = positionals;
const version = Number(values.version);
if (!values.key || !imageFile || !outFile) usage("something is missing");
if (!Number.isInteger(version) || version < 1 || version > 0xffff_ffff) usage("--version is 1 to 4294967295");

const key = createPrivateKey(readFileSync(values.key));
if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
  usage("the key is not one of P-256");
}
const image = readFileSync(imageFile);
const head = Buffer.alloc(16);
head.write("RDBTOTA1");
head.writeUInt32BE(version, 8);
head.writeUInt32BE(image.length, 12);
const signature = sign("sha256", Buffer.concat([head, image]), key);
const size = Buffer.alloc(2);
size.writeUInt16BE(signature.length);
writeFileSync(outFile, Buffer.concat([head, size, signature, image]));
console.log(`version ${version}, ${image.length} bytes`);
