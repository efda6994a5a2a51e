import { call, i32, ModuleBuilder, v128 } from "../../src/wasm/assembler/index.js";
import { mathRoutine, type RoutineName } from "../../src/wasm/math/index.js";

type DType = "float32" | "float64";
type FloatArray = Float32Array | Float64Array;

/** A function (inputs at i·stride, output after them) over whole vectors, and the memory it works in. */
export function compileRoutine(name: RoutineName, dtype: DType, inputs: number, bytes: number) {
  const module = new ModuleBuilder();
  module.memory({ initial: Math.ceil((bytes * (inputs + 1)) / 65536) });
  const routine = mathRoutine(module, name, dtype);
  module.function({ name: "run", parameters: [], results: [], exported: true }, (f): undefined => {
    const at = f.let(0);
    f.loop((again) => {
      const values = Array.from({ length: inputs }, (_, i) => v128.load(at, i * bytes));
      f.do(v128.store(at, call(routine, ...values), inputs * bytes));
      f.set(at, i32.add(at, 16));
      f.branchIf(again, i32.ltSigned(at, bytes));
    });
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
  const { run, memory } = instance.exports as { run: () => void; memory: WebAssembly.Memory };
  return { run, buffer: memory.buffer };
}

function runRoutine(name: RoutineName, dtype: DType, inputs: readonly FloatArray[]): FloatArray {
  const Make = dtype === "float32" ? Float32Array : Float64Array;
  const { length, BYTES_PER_ELEMENT } = inputs[0]!;
  const bytes = Math.ceil((length * BYTES_PER_ELEMENT) / 16) * 16;
  const { run, buffer } = compileRoutine(name, dtype, inputs.length, bytes);
  for (let i = 0; i < inputs.length; i++) new Make(buffer, i * bytes, length).set(inputs[i]!);
  run();
  return new Make(buffer, inputs.length * bytes, length).slice();
}

export const runUnary = (name: RoutineName, dtype: DType, x: FloatArray) => runRoutine(name, dtype, [x]);
export const runBinary = (name: RoutineName, dtype: DType, x: FloatArray, y: FloatArray) =>
  runRoutine(name, dtype, [x, y]);

/** How many float32 steps the value is from what it should be; 0 for the same special value, else infinite. */
export function float32Error(found: number, expected: number): number {
  const rounded = Math.fround(expected);
  if (Object.is(found, rounded)) return 0;
  if (!Number.isFinite(expected) || Number.isNaN(found) || (found === 0 && rounded === 0)) return Infinity;
  if (!Number.isFinite(found) && Math.abs(expected) < 3.4028233e38) return Infinity;
  const step = Math.max(2 ** -149, 2 ** (Math.min(127, exponent(expected)) - 23));
  const value = Number.isFinite(found) ? found : Math.sign(found) * 2 ** 128;
  return Math.abs(value - expected) / step;
}

/** ⌊log₂ |x|⌋, by its bits. */
function exponent(x: number): number {
  const high = new Uint32Array(Float64Array.of(x).buffer)[1]!;
  return ((high >>> 20) & 0x7ff) - 1023;
}
