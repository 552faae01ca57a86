import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { arrayAt, numberAt } from "./json-fields.js";
import { numbersAt } from "./model-fields.js";
import type { KernelName, OneClassSvm } from "./one-class-svm.js";

const KERNELS: readonly KernelName[] = ["rbf", "linear", "poly", "sigmoid"];
const MAX_SUPPORT_VECTORS = 1_000_000;
const MAX_DEGREE = 100;

/** Names of an SVM's properties in one of the two formats that hold one. */
export interface SvmNames {
  supportVectors: string;
  coefficients: string;
}

/**
 * Reads a one-class SVM.
 *
 * @param at path of the object, with a dot, or nothing.
 * @throws {Rejection} SCHEMA or RANGE naming the property.
 */
export function svmAt(fields: JsonObject, at: string, dimension: number, names: SvmNames): OneClassSvm {
  const kernel = KERNELS.find((name) => name === fields.kernel);
  if (!kernel) throw new Rejection("SCHEMA", `${at}kernel is none of ${KERNELS.join(", ")}`);
  const vectorsAt = `${at}${names.supportVectors}`;
  const vectors = arrayAt(fields[names.supportVectors], vectorsAt, 1, MAX_SUPPORT_VECTORS);
  const supportVectors = new Float64Array(vectors.length * dimension);
  for (const [i, vector] of vectors.entries()) {
    supportVectors.set(numbersAt(vector, `${vectorsAt}[${i}]`, dimension), i * dimension);
  }
  return {
    kernel,
    gamma: numberAt(fields.gamma, `${at}gamma`, { min: 0 }),
    degree: numberAt(fields.degree, `${at}degree`, { min: 0, max: MAX_DEGREE, integer: true }),
    coef0: numberAt(fields.coef0, `${at}coef0`),
    dimension,
    supportVectors,
    coefficients: numbersAt(fields[names.coefficients], `${at}${names.coefficients}`, vectors.length, { min: 0 }),
    intercept: numberAt(fields.intercept, `${at}intercept`),
    offset: numberAt(fields.offset, `${at}offset`),
  };
}

/** Vectors as lists, one per support vector. */
export function storeVectors({ supportVectors, dimension }: OneClassSvm): number[][] {
  return Array.from({ length: supportVectors.length / dimension }, (_, i) =>
    Array.from(supportVectors.subarray(i * dimension, (i + 1) * dimension)),
  );
}
