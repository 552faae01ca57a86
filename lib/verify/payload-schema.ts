import { Ajv, type ValidateFunction } from "ajv";
import { isJsonObject, type JsonObject, parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { BUILT_IN_SCHEMAS } from "./built-in-schema.js";

/** @throws {Rejection} SCHEMA for a payload that does not fit. */
export type PayloadCheck = (payload: JsonObject) => void;

const SCHEMA_LIMITS = { maxBytes: 262_144, maxDepth: 32 };

function compile(schema: object): ValidateFunction {
  // Strict: a misspelt keyword would allow everything. Types are never coerced, defaults never filled in.
  return new Ajv({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(schema);
}

function checkOf(validators: readonly ValidateFunction[]): PayloadCheck {
  return (payload) => {
    if (validators.some((validate) => validate(payload))) return;
    const [first] = validators[0]?.errors ?? [];
    // Paths hold names that the sender chose: only what the schema itself says is passed on.
    const reason = validators.length === 1 && first ? `: ${first.keyword} of ${first.schemaPath}` : "";
    throw new Rejection("SCHEMA", `the payload does not fit the schema${reason}`.slice(0, 200));
  };
}

/** Accepts the forms of {@link BUILT_IN_SCHEMAS}. */
export function builtInCheck(): PayloadCheck {
  return checkOf(BUILT_IN_SCHEMAS.map(compile));
}

/**
 * Compiles a JSON Schema (draft 7) of the user's, once.
 *
 * @param text JSON of a schema for an object, with `"additionalProperties": false` at its top.
 * @throws {Error} that says what is wrong with it.
 */
export function ownCheck(text: string): PayloadCheck {
  let schema: JsonObject;
  try {
    schema = parseJsonObject(text, SCHEMA_LIMITS);
  } catch (error) {
    throw new Error(`the schema cannot be used: ${error instanceof Rejection ? error.reason : String(error)}`);
  }
  if (schema.type !== "object" || schema.additionalProperties !== false) {
    throw new Error('the schema needs "type": "object" and "additionalProperties": false at its top');
  }
  if (!isJsonObject(schema.properties)) throw new Error('the schema has no "properties"');
  try {
    return checkOf([compile(schema)]);
  } catch (error) {
    throw new Error(`the schema cannot be used: ${(error as Error).message}`);
  }
}
