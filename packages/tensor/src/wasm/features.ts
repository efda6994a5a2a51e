/** What the engine's WebAssembly can do: asked when first needed, by validating tiny modules, and remembered. */

import { f32x4, ModuleBuilder, v128 } from "./assembler/index.js";

export type Feature = "simd" | "relaxedSimd";

const answers = new Map<Feature, boolean>();

function probe(feature: Feature): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.function({ name: "probe", parameters: ["v128"], results: ["v128"] }, (_, x) =>
    feature === "simd" ? v128.xor(x, x) : f32x4.relaxedMadd(x, x, x),
  );
  return module.encode();
}

/** Whether the engine validates a module that needs the feature; false where there is no WebAssembly at all. */
export function hasFeature(feature: Feature): boolean {
  let answer = answers.get(feature);
  if (answer === undefined) {
    answer = typeof WebAssembly === "object" && WebAssembly.validate(probe(feature));
    answers.set(feature, answer);
  }
  return answer;
}
