import type { Helper } from "./numbers.js";

/** An operator on the bits of two whole numbers from 0 to 2¹⁶ − 1. GPU.js spells it out bit by bit for WebGL. */
const operator = (sign: string): Helper => ({
  parameters: ["a", "b"],
  body: `\n  let result = a ${sign} b;\n  return result;`,
  glsl: `(float a, float b) { return float(int(a) ${sign} int(b)); }`,
});

export const bits: Readonly<Record<string, Helper>> = /* @__PURE__ */ (() => ({
  kAnd: operator("&"),
  kOr: operator("|"),
  kXor: operator("^"),
}))();
