import { allocate, isFloating } from "../dtype.js";
import { isContiguous, sizeOf } from "../layout.js";
import { contiguousTensor, fromData, type Tensor } from "../tensor.js";
import { DeviceStorage, deviceStorageOf, deviceTensor } from "./deviceTensor.js";
import type { Handle } from "./library.js";
import { join, split } from "./lower/halves.js";
import type { DeviceProgram } from "./lower.js";
import type { Lease, Runtime } from "./runtime.js";
import { largestWhole, UnsupportedOnGpu } from "./unsupported.js";

/** An argument as it is when the program is called: on the device, or a copy of its values. */
type Given = { readonly storage: DeviceStorage } | { readonly values: Float32Array };

/** Takes tensors at the call, before anything is awaited: what is written to them later does not matter. */
export function take(x: Tensor, index: number, device: object, program: DeviceProgram): Given {
  const storage = deviceStorageOf(x);
  const asWords = program.buffers.some(
    ({ initial }, buffer) => initial?.kind === "argument" && initial.index === index && program.words.has(buffer),
  );
  if (!storage) return { values: asWords ? split(x.toTypedArray()) : valuesOf(x, index) };
  if (storage.device !== device)
    throw new Error(`openGpu: argument ${index} is on another device; read it there first, with device.read`);
  if (x.offset !== 0 || !isContiguous(x) || x.size !== storage.size)
    throw new Error(
      `openGpu: argument ${index} is a view of a tensor on the device; pass the tensor itself and take the view within the function`,
    );
  if (storage.words !== asWords)
    throw new Error(
      `openGpu: argument ${index} is kept on the device ${storage.words ? "with" : "without"} all its 32 bits, and this program takes it the other way; read it first, with device.read`,
    );
  return { storage };
}

/** The elements of an array that was read. */
export const elements = (data: Float32Array, words: boolean): Float32Array | Int32Array => (words ? join(data) : data);

function valuesOf(x: Tensor, index: number): Float32Array {
  const { data, offset } = contiguousTensor(x);
  const values = Float32Array.from(data.subarray(offset, offset + x.size));
  if (!isFloating(x.dtype))
    for (let k = 0; k < values.length; k++)
      if (Math.abs(data[offset + k]) > largestWhole)
        throw new UnsupportedOnGpu(
          `openGpu: element ${k} of argument ${index} is ${data[offset + k]}, a GPU's float32 has whole numbers exactly up to 2^24; pass it as float32`,
        );
  return values;
}

/** A program on a device: its kernels and constants stay there from one call to the next. */
export class DeviceExecutable {
  /** One for each kernel, then others. */
  #leases: readonly Lease[] | undefined;
  readonly #constants = new Map<number, Handle>();
  /** For each buffer the last kernel that reads it. */
  readonly #lastRead: readonly number[];

  constructor(
    readonly program: DeviceProgram,
    private readonly runtime: Runtime,
    private readonly device: object,
  ) {
    const last = program.buffers.map(() => -1);
    program.kernels.forEach(({ reads, keeps, outputs }, k) => {
      for (const buffer of reads) last[buffer] = k;
      if (keeps) last[outputs[0]] = k;
    });
    this.#lastRead = last;
  }

  /** One call. With `keep` results stay on the device. */
  async call(given: readonly Given[], keep: boolean): Promise<Tensor[]> {
    const { buffers, outputs } = this.program;
    const memory: (Handle | undefined)[] = buffers.map(() => undefined);
    /** What this call made, and must free. */
    const own = new Set<number>();
    try {
      await this.#prepare(memory, own, given);
      await this.#run(memory, own);
      const results: Tensor[] = [];
      for (const output of outputs)
        results.push(await (keep ? this.#keep(output, memory, own) : this.#read(output, memory)));
      return results;
    } finally {
      for (const buffer of own) this.runtime.free(memory[buffer]!);
    }
  }

  async #prepare(memory: (Handle | undefined)[], own: Set<number>, given: readonly Given[]): Promise<void> {
    const { buffers, kernels, outputs } = this.program;
    const sizesOf = (reads: readonly number[]) => reads.map((buffer) => buffers[buffer].size);
    this.#leases ??= [
      ...kernels.map(({ source, threads, reads, outputs: made }) =>
        this.runtime.lease(source, threads, sizesOf(reads), made.length),
      ),
      // Those that send arguments, so that they are there from one call to the next.
      ...buffers.flatMap(({ initial, size }) =>
        initial?.kind === "argument" && size > 0 ? [this.runtime.leaseUpload(size)] : [],
      ),
    ];
    const isNeeded = (buffer: number) =>
      this.#lastRead[buffer] >= 0 || outputs.some(({ access }) => access.buffer === buffer);
    for (const [buffer, { initial, size }] of buffers.entries()) {
      if (!initial || !isNeeded(buffer)) {
        if (size === 0) memory[buffer] = new Float32Array(0);
      } else if (initial.kind === "constant") {
        const known = this.#constants.get(buffer) ?? (await this.runtime.upload(Float32Array.from(initial.data)));
        this.#constants.set(buffer, known);
        memory[buffer] = known;
      } else {
        const argument = given[initial.index];
        if ("storage" in argument) memory[buffer] = argument.storage.handle;
        else {
          memory[buffer] = await this.runtime.upload(argument.values);
          own.add(buffer);
        }
      }
    }
  }

  async #run(memory: (Handle | undefined)[], own: Set<number>): Promise<void> {
    const { kernels, outputs } = this.program;
    const results = new Set(outputs.map(({ access }) => access.buffer));
    const drop = (buffer: number): void => {
      if (!own.delete(buffer)) return;
      this.runtime.free(memory[buffer]!);
      memory[buffer] = undefined;
    };
    for (const [k, kernel] of kernels.entries()) {
      const { reads, keeps } = kernel;
      const args: (Handle | number)[] = reads.map((buffer) => memory[buffer]!);
      if (keeps) args.push(memory[kernel.outputs[0]]!);
      if (kernel.infinity) args.push(Number.POSITIVE_INFINITY);
      const made = await this.#leases![k].run(args);
      kernel.outputs.forEach((output, n) => {
        drop(output);
        memory[output] = made[n];
        own.add(output);
      });
      for (const buffer of reads) if (this.#lastRead[buffer] === k && !results.has(buffer)) drop(buffer);
    }
  }

  async #read({ access, shape, dtype }: DeviceProgram["outputs"][number], memory: readonly (Handle | undefined)[]) {
    const { offset } = access.layout;
    const size = sizeOf(shape);
    const data = allocate(dtype, size);
    if (size > 0)
      data.set(
        elements(await this.runtime.read(memory[access.buffer]!), this.program.words.has(access.buffer)).subarray(
          offset,
          offset + size,
        ),
      );
    return fromData(data, dtype, shape);
  }

  async #keep(output: DeviceProgram["outputs"][number], memory: readonly (Handle | undefined)[], own: Set<number>) {
    const { access, shape } = output;
    const { buffer, layout } = access;
    const size = sizeOf(shape);
    const words = this.program.words.has(buffer);
    const each = words ? 2 : 1;
    const held = this.program.buffers[buffer].size;
    let handle = memory[buffer]!;
    if (own.has(buffer) && layout.offset === 0 && each * size === held) own.delete(buffer);
    else if (size === 0) handle = new Float32Array(0);
    else {
      // An argument, a constant, a part of a buffer, or one that is given out already.
      const lease = this.runtime.leaseCopy(held, each * size, each * layout.offset);
      try {
        [handle] = await lease.run([handle]);
      } finally {
        lease.release();
      }
    }
    const storage = new DeviceStorage(this.device, handle, size, words, (freed) => this.runtime.free(freed));
    return deviceTensor(storage, output);
  }

  close(): void {
    for (const lease of this.#leases ?? []) lease.release();
    this.#leases = undefined;
    for (const handle of this.#constants.values()) this.runtime.free(handle);
    this.#constants.clear();
  }
}
