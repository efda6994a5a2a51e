import type { Instruction, Scalar, ScalarType } from "./scalar.js";

/** One instruction on numbered values; arguments come before their use. */
export type Step =
  | { readonly kind: "input"; readonly index: number; readonly type: ScalarType }
  | { readonly kind: "constant"; readonly value: number; readonly type: ScalarType }
  | { readonly kind: "position"; readonly type: ScalarType }
  | {
      readonly kind: "operation";
      readonly instruction: Instruction;
      readonly arguments: readonly number[];
      readonly type: ScalarType;
      /** Whether the instruction works on whole numbers here. */
      readonly integer: boolean;
    };

/** A body as straight-line code: value k is the result of step k, the last step is the result. */
export const linearize = (body: Scalar, inputs: readonly ScalarType[]): readonly Step[] =>
  linearizeAll([body], inputs).steps;

/** Several bodies as one straight-line code; what they share is computed once. */
export function linearizeAll(
  bodies: readonly Scalar[],
  inputs: readonly ScalarType[],
): { readonly steps: readonly Step[]; readonly results: readonly number[] } {
  const steps: Step[] = [];
  const numbered = new Map<Scalar, number>();
  const constants = new Map<string, number>();
  const push = (e: Scalar, step: Step): number => {
    steps.push(step);
    numbered.set(e, steps.length - 1);
    return steps.length - 1;
  };
  const visit = (e: Scalar): number => {
    const known = numbered.get(e);
    if (known !== undefined) return known;
    switch (e.kind) {
      case "input":
        return push(e, { kind: "input", index: e.index, type: inputs[e.index] });
      case "constant": {
        const type = e.type ?? (isWhole(e.value) ? "integer" : "float");
        const written = `${type} ${Object.is(e.value, -0) ? "-0" : e.value}`;
        const same = constants.get(written) ?? push(e, { kind: "constant", value: e.value, type });
        constants.set(written, same);
        return same;
      }
      case "position":
        return push(e, { kind: "position", type: "integer" });
      case "operation": {
        const args = e.arguments.map(visit);
        const types = args.map((k) => steps[k].type);
        const integer = types.every((type) => type === "integer");
        return push(e, {
          kind: "operation",
          instruction: e.instruction,
          arguments: args,
          type: resultType(e.instruction, types),
          integer,
        });
      }
    }
  };
  return { results: bodies.map(visit), steps };
}

const isWhole = (value: number): boolean => Number.isInteger(value) && !Object.is(value, -0) && value === (value | 0);

function resultType(instruction: Instruction, types: readonly ScalarType[]): ScalarType {
  if (instruction.result === "integer" || instruction.result === "float") return instruction.result;
  const that = instruction.result === "as branches" ? types.slice(1) : types;
  return that.every((type) => type === "integer") ? "integer" : "float";
}
