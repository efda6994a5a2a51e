import type { TypedArray } from "../dtype.js";
import { contiguousStride } from "../layout.js";
import type { Signature } from "../primitive.js";
import { type Storage, Tensor } from "../tensor.js";
import type { Handle } from "./library.js";

/** Memory on a device. A tensor that has it can be passed to programs of its device, and be read from there. */
export class DeviceStorage implements Storage {
  readonly version = 0;
  #handle: Handle | undefined;

  constructor(
    /** Whose memory it is. */
    readonly device: object,
    handle: Handle,
    readonly size: number,
    /** Whether elements are whole numbers of 32 bits, each as two halves. */
    readonly words: boolean,
    private readonly free: (handle: Handle) => void,
  ) {
    this.#handle = handle;
  }

  get data(): TypedArray {
    throw new Error(
      this.#handle
        ? "data: this tensor is on a device; read it with `await device.read(x)`"
        : "data: this tensor was on a device, and was released or donated there",
    );
  }

  get handle(): Handle {
    if (!this.#handle)
      throw new Error("openGpu: this tensor was released, or donated to a call; use what that call returned");
    return this.#handle;
  }

  release(): void {
    if (this.#handle) this.free(this.#handle);
    this.#handle = undefined;
  }
}

export const deviceTensor = (storage: DeviceStorage, { shape, dtype }: Signature): Tensor =>
  new Tensor(storage, dtype, shape, contiguousStride(shape), 0);

export const deviceStorageOf = (x: Tensor): DeviceStorage | undefined =>
  x.storage instanceof DeviceStorage ? x.storage : undefined;
