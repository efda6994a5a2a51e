import type { Instruction } from "../../scalar/scalar.js";
import { call, type Expression, i32x4, i64x2, type Local, v128 } from "../../wasm/assembler/index.js";
import { type Routine, routineFunction, type Site } from "../../wasm/math/shape.js";
import { asFloat, asInteger, asSingle, type Lanes, maskOf, truth, type Vector } from "./lanes.js";

/** How an instruction of scalar bodies is written with vectors: the only place where the two vocabularies meet. */
type Emitter = (site: Site, lanes: Lanes, operands: readonly Vector[]) => Vector;

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

const real = (site: Site, value: Expression): Vector => ({ type: "float", local: site.f.let(value) });
const whole = (site: Site, value: Expression): Vector => ({ type: "integer", local: site.f.let(value) });

const float =
  (name: FloatName): Emitter =>
  (site, lanes, operands) => {
    const values = operands.map((x) => asFloat(site, lanes, x).local);
    const make = lanes.float[name] as (...x: Expression[]) => Expression;
    return real(site, make(...values));
  };

/** Wraps where all operands are whole numbers, else computes with real ones. */
const arithmetic =
  (name: FloatName, integer: (...x: Expression[]) => Expression): Emitter =>
  (site, lanes, operands) =>
    operands.every((x) => x.type === "integer")
      ? whole(site, integer(...operands.map((x) => x.local)))
      : float(name)(site, lanes, operands);

/**
 * `max` and `min` know not-a-number and the order of zeros, which takes processors eight instructions; beside a known
 * number one or two do.
 */
const extreme =
  (name: "max" | "min", integer: (...x: Expression[]) => Expression): Emitter =>
  (site, lanes, operands) => {
    const known = operands.find(({ constant }) => constant !== undefined);
    const x = operands.find((operand) => operand !== known);
    const bound = known?.constant;
    // Where both are zeros, the first one is kept, with its sign: right unless the bound is the one that counts.
    const isBelow = name === "min" && Object.is(bound, -0);
    if (!known || !x || Number.isNaN(bound) || isBelow || operands.every(({ type }) => type === "integer"))
      return arithmetic(name, integer)(site, lanes, operands);
    const better = extremes[name].better(lanes, asFloat(site, lanes, x).local, asFloat(site, lanes, known).local);
    const { float } = lanes;
    return real(site, name === "max" && Object.is(bound, 0) ? float.add(better, float.const(0)) : better);
  };

const keepWhole =
  (name: FloatName): Emitter =>
  (site, lanes, operands) =>
    operands[0].type === "integer" ? operands[0] : float(name)(site, lanes, operands);

const compare =
  (name: Comparison, integer: (a: Expression, b: Expression) => Expression): Emitter =>
  (site, lanes, [a, b]) => {
    const { f } = site;
    if (a.type === "integer" && b.type === "integer") {
      const narrow = integer(a.local, b.local);
      return truth(site, lanes, f.let(lanes.count === 4 ? narrow : i64x2.extendLowI32x4Signed(narrow)));
    }
    const values = [a, b].map((x) => asFloat(site, lanes, x).local) as [Local, Local];
    return truth(site, lanes, f.let(lanes.float[name](...values)));
  };

const logic =
  (combine: (a: Expression, b: Expression) => Expression): Emitter =>
  (site, lanes, [a, b]) =>
    truth(site, lanes, site.f.let(combine(maskOf(site, lanes, a), maskOf(site, lanes, b))));

const bits =
  (combine: (a: Expression, b: Expression) => Expression): Emitter =>
  (site, _, [a, b]) =>
    whole(site, combine(a.local, b.local));

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
  (combine: (a: Expression, b: Expression) => Expression): Emitter =>
  (site, _, [a, b]) =>
    whole(site, combine(a.local, i32x4.extractLane(b.local, 0)));

/** The routines that the compiler has, by the names of the instructions that they compute. */
export type Routines = Readonly<Record<string, Routine>>;

/** Above so many elements a routine is written into the loop; below, it is called, for a smaller module. */
export interface RoutinePolicy {
  readonly routines: Routines;
  readonly inline: boolean;
}

function emitRoutine(
  site: Site,
  lanes: Lanes,
  instruction: Instruction,
  routine: Routine,
  operands: readonly Vector[],
  inline: boolean,
): Vector {
  const values = operands.map((x) => asFloat(site, lanes, x).local);
  return real(
    site,
    inline
      ? routine[lanes.dtype](site, ...values)
      : call(routineFunction(site.module, instruction, routine, lanes.dtype), ...values),
  );
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
  logicalNot: (site, lanes, [a]) => truth(site, lanes, site.f.let(v128.not(maskOf(site, lanes, a)))),
  bitAnd: bits(v128.and),
  bitOr: bits(v128.or),
  bitXor: bits(v128.xor),
  shiftLeft: shift(i32x4.shl),
  shiftRight: shift(i32x4.shrUnsigned),
  toFloat: (site, lanes, [a]) => asFloat(site, lanes, a),
  toFloat32: (site, lanes, [a]) => asSingle(site, lanes, a),
  toInteger: (site, lanes, [a]) => asInteger(site, lanes, a),
  sign: (site, lanes, [a]) => {
    const { float } = lanes;
    if (a.type === "integer")
      return whole(site, i32x4.maxSigned(i32x4.minSigned(a.local, i32x4.const(1)), i32x4.const(-1)));
    const one = v128.or(v128.and(a.local, float.const(-0)), float.const(1));
    // 0, −0 and not-a-number are their own sign.
    const signed = v128.bitselect(one, a.local, float.gt(float.abs(a.local), float.const(0)));
    return real(site, signed);
  },
  select: (site, lanes, [condition, a, b]) => {
    const mask = maskOf(site, lanes, condition);
    if (a.type === "integer" && b.type === "integer") {
      const narrow = i32x4.ne(
        condition.type === "integer" ? condition.local : asTruth(site, lanes, mask),
        i32x4.const(0),
      );
      return whole(site, v128.bitselect(a.local, b.local, narrow));
    }
    return real(site, v128.bitselect(asFloat(site, lanes, a).local, asFloat(site, lanes, b).local, mask));
  },
}))();

const asTruth = (site: Site, lanes: Lanes, mask: Local): Local => truth(site, lanes, mask).local;

/** Whether an instruction or two of the machine compute it, rather than a routine. */
export const isBrief = ({ name }: Instruction): boolean => Object.hasOwn(emitters, name);

/** Whether a compiler with these routines has the instruction. */
export const emittable =
  (routines: Routines) =>
  (instruction: Instruction): boolean =>
    isBrief(instruction) || Object.hasOwn(routines, instruction.name);

export function emitInstruction(
  site: Site,
  lanes: Lanes,
  instruction: Instruction,
  operands: readonly Vector[],
  { routines, inline }: RoutinePolicy,
): Vector {
  if (isBrief(instruction)) return emitters[instruction.name](site, lanes, operands);
  const routine = routines[instruction.name];
  if (routine) return emitRoutine(site, lanes, instruction, routine, operands, inline);
  throw new Error(
    `compile: no vector instruction for ${instruction.name}; this is a mistake in the compiler, please report it`,
  );
}
