import { forEachLeaf, mapLeaves, type Structure, type Tensor } from "@kinship/tensor";
import { load, save } from "@kinship/tensor/safetensors";
import { InputError } from "../errors.js";
import type { Json } from "../layers/layer.js";

/** Tensors and a description as one safetensors file. */
export interface Archive {
  /** By their path, such as `parameters.model.shared.dense.weights`. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly description: Json;
}

export function writeArchive(structure: Structure, description: Json): Uint8Array {
  const tensors: Record<string, Tensor> = {};
  forEachLeaf("writeArchive", structure, (x, path) => {
    const name = path.replace(/^\./, "");
    if (Object.hasOwn(tensors, name))
      throw new InputError(`two tensors would be saved as ${name}; rename a task or a layer with a dot in its name`);
    tensors[name] = x;
  });
  return save(tensors, { description: JSON.stringify(description) });
}

/** @throws InputError for bytes that were not written by `writeArchive`, or not all of them. */
export function readArchive(name: string, bytes: Uint8Array): Archive {
  try {
    const { tensors, metadata } = load(bytes);
    if (metadata.description === undefined) throw new RangeError("there is no description among its metadata");
    return { tensors, description: JSON.parse(metadata.description) as Json };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`${name}: these ${bytes.length} bytes are not what it reads: ${why}`);
  }
}

/** The structure of `like` with the tensors of an archive whose path starts with `prefix`. */
export function fillFromArchive<S extends Structure>(name: string, { tensors }: Archive, prefix: string, like: S): S {
  return mapLeaves(name, like, (x, path) => {
    const at = `${prefix}${path}`;
    const found = Object.hasOwn(tensors, at) ? tensors[at] : undefined;
    if (!found) throw new InputError(`${name}: nothing is saved for ${at}`);
    if (`${found.shape}` !== `${x.shape}` || found.dtype !== x.dtype)
      throw new InputError(
        `${name}: ${at} is saved as ${found.dtype} [${found.shape.join(", ")}], expected ${x.dtype} [${x.shape.join(", ")}]`,
      );
    return found;
  });
}
