import type { Instruction } from "../../scalar/scalar.js";
import { call, type Expression, i32x4, v128 } from "../../wasm/assembler/index.js";
import { type Routine, routineFunction } from "../../wasm/math/shape.js";
import { asFloat, asInteger, asSingle, type Lanes, maskOf, real, truth, type Vector, whole, widen } from "./lanes.js";

/** How an instruction of scalar bodies is written with vectors: the only place where the two vocabularies meet. */
type Emitter = (lanes: Lanes, ...operands: Vector[]) => Vector;

type FloatName =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "neg"
  | "abs"
  | "sqrt"
  | "min"
  | "max"
  | "floor"
  | "ceil"
  | "trunc"
  | "nearest";
type Comparison = "eq" | "ne" | "lt" | "le";

const isWhole = ({ type }: Vector): boolean => type === "integer";
const floats = (lanes: Lanes, operands: readonly Vector[]) => operands.map((x) => asFloat(lanes, x).local);
const locals = (operands: readonly Vector[]) => operands.map((x) => x.local);

type Make = (...x: Expression[]) => Expression;

const float =
  (name: FloatName): Emitter =>
  (lanes, ...operands) =>
    real(lanes, (lanes.float[name] as Make)(...floats(lanes, operands)));

/** Wraps where all operands are whole numbers, else computes with real ones. */
const arithmetic =
  (name: FloatName, integer: Make): Emitter =>
  (lanes, ...operands) =>
    operands.every(isWhole) ? whole(lanes, integer(...locals(operands))) : float(name)(lanes, ...operands);

/**
 * `max` and `min` know not-a-number and the order of zeros, which takes processors eight instructions; beside a known
 * number one or two do.
 */
const extreme =
  (name: "max" | "min", integer: Make): Emitter =>
  (lanes, ...operands) => {
    const known = operands.find(({ constant }) => constant !== undefined);
    const x = operands.find((operand) => operand !== known);
    const bound = known?.constant;
    // Where both are zeros, the first one is kept, with its sign: right unless the bound is the one that counts.
    const isBelow = name === "min" && Object.is(bound, -0);
    if (!known || !x || Number.isNaN(bound) || isBelow || operands.every(isWhole))
      return arithmetic(name, integer)(lanes, ...operands);
    const better = extremes[name].better(lanes, asFloat(lanes, x).local, asFloat(lanes, known).local);
    const { float } = lanes;
    return real(lanes, name === "max" && Object.is(bound, 0) ? float.add(better, float.const(0)) : better);
  };

const keepWhole =
  (name: FloatName): Emitter =>
  (lanes, x) =>
    isWhole(x) ? x : float(name)(lanes, x);

const compare =
  (name: Comparison, integer: Make): Emitter =>
  (lanes, ...operands) =>
    truth(
      lanes,
      operands.every(isWhole)
        ? widen(lanes, integer(...locals(operands)))
        : lanes.f.let((lanes.float[name] as Make)(...floats(lanes, operands))),
    );

const logic =
  (combine: Make): Emitter =>
  (lanes, ...operands) =>
    truth(lanes, lanes.f.let(combine(...operands.map((x) => maskOf(lanes, x)))));

const bits =
  (combine: Make): Emitter =>
  (lanes, ...operands) =>
    whole(lanes, combine(...locals(operands)));

/**
 * The largest, or smallest, of many: as what is larger, without regard for not-a-number, which then never is; and what
 * tells in which signs all of them agree, for where it is a zero.
 */
export interface Extreme {
  /** The first where they are equal, or either is not a number. */
  better(lanes: Lanes, a: Expression, b: Expression): Expression;
  signs(a: Expression, b: Expression): Expression;
}

const extremes: Readonly<Record<"max" | "min", Extreme>> = /* @__PURE__ */ (() => ({
  max: { better: ({ float }, a, b) => float.pseudoMax(a, b), signs: v128.and },
  min: { better: ({ float }, a, b) => float.pseudoMin(a, b), signs: v128.or },
}))();

/** Of instructions that fold to the largest or smallest. */
export const extremeOf = ({ name }: Instruction): Extreme | undefined =>
  name === "maximum" ? extremes.max : name === "minimum" ? extremes.min : undefined;

/** Every lane is shifted by what the first lane says: bodies shift by constants. */
const shift =
  (combine: Make): Emitter =>
  (lanes, a, b) =>
    whole(lanes, combine(a.local, i32x4.extractLane(b.local, 0)));

/** The routines that the compiler has, by the names of the instructions that they compute. */
export type Routines = Readonly<Record<string, Routine>>;

/** Above so many elements a routine is written into the loop; below, it is called, for a smaller module. */
export interface RoutinePolicy {
  readonly routines: Routines;
  readonly inline: boolean;
}

const emitters: Readonly<Record<string, Emitter>> = /* @__PURE__ */ (() => ({
  add: arithmetic("add", i32x4.add),
  sub: arithmetic("sub", i32x4.sub),
  mul: arithmetic("mul", i32x4.mul),
  div: float("div"),
  neg: arithmetic("neg", i32x4.neg),
  abs: arithmetic("abs", i32x4.abs),
  sqrt: float("sqrt"),
  maximum: extreme("max", i32x4.maxSigned),
  minimum: extreme("min", i32x4.minSigned),
  floor: keepWhole("floor"),
  ceil: keepWhole("ceil"),
  truncate: keepWhole("trunc"),
  round: keepWhole("nearest"),
  equal: compare("eq", i32x4.eq),
  notEqual: compare("ne", i32x4.ne),
  less: compare("lt", i32x4.ltSigned),
  lessEqual: compare("le", i32x4.leSigned),
  logicalAnd: logic(v128.and),
  logicalOr: logic(v128.or),
  logicalNot: logic(v128.not),
  bitAnd: bits(v128.and),
  bitOr: bits(v128.or),
  bitXor: bits(v128.xor),
  shiftLeft: shift(i32x4.shl),
  shiftRight: shift(i32x4.shrUnsigned),
  toFloat: asFloat,
  toFloat32: asSingle,
  toInteger: asInteger,
  sign: (lanes, x) => {
    const { float } = lanes;
    if (isWhole(x)) return whole(lanes, i32x4.maxSigned(i32x4.minSigned(x.local, i32x4.const(1)), i32x4.const(-1)));
    const one = v128.or(v128.and(x.local, float.const(-0)), float.const(1));
    // 0, −0 and not-a-number are their own sign.
    return real(lanes, v128.bitselect(one, x.local, float.gt(float.abs(x.local), float.const(0))));
  },
  select: (lanes, condition, a, b) => {
    const mask = maskOf(lanes, condition);
    if (isWhole(a) && isWhole(b)) {
      const chosen = isWhole(condition) ? condition : truth(lanes, mask);
      return whole(lanes, v128.bitselect(a.local, b.local, i32x4.ne(chosen.local, i32x4.const(0))));
    }
    return real(lanes, v128.bitselect(asFloat(lanes, a).local, asFloat(lanes, b).local, mask));
  },
}))();

/** Whether an instruction or two of the machine compute it, rather than a routine. */
export const isBrief = ({ name }: Instruction): boolean => Object.hasOwn(emitters, name);

/** Whether a compiler with these routines has the instruction. */
export const emittable =
  (routines: Routines) =>
  (instruction: Instruction): boolean =>
    isBrief(instruction) || Object.hasOwn(routines, instruction.name);

export function emitInstruction(
  lanes: Lanes,
  instruction: Instruction,
  operands: readonly Vector[],
  { routines, inline }: RoutinePolicy,
): Vector {
  if (isBrief(instruction)) return emitters[instruction.name](lanes, ...operands);
  const routine = routines[instruction.name];
  if (!routine)
    throw new Error(
      `compile: no vector instruction for ${instruction.name}; this is a mistake in the compiler, please report it`,
    );
  const values = floats(lanes, operands);
  return real(
    lanes,
    inline
      ? routine[lanes.dtype](lanes, ...values)
      : call(routineFunction(lanes.module, instruction, routine, lanes.dtype), ...values),
  );
}
