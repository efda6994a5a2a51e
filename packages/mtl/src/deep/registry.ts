import { InputError } from "../errors.js";
import { type Activation, activation } from "../layers/activation.js";
import { batchNorm } from "../layers/batch-norm.js";
import { conv1dLayer, conv2dLayer } from "../layers/convolution.js";
import { dense } from "../layers/dense.js";
import { dropout } from "../layers/dropout.js";
import { embeddingLayer } from "../layers/embedding.js";
import type { Json, Layer } from "../layers/layer.js";
import { layerNorm } from "../layers/layer-norm.js";
import {
  avgPool1dLayer,
  avgPool2dLayer,
  globalAveragePool,
  maxPool1dLayer,
  maxPool2dLayer,
} from "../layers/pooling.js";
import { flattenLayer, reshapeLayer } from "../layers/reshaping.js";
import { residual } from "../layers/residual.js";
import { sequential } from "../layers/sequential.js";
import { crossStitch } from "../models/cross-stitch.js";
import { dselectK } from "../models/dselect-k.js";
import type { EncoderBuilder } from "../models/encoder.js";
import { film } from "../models/film.js";
import { hardSharing } from "../models/hard-sharing.js";
import { mmoe } from "../models/mmoe.js";
import { mtan } from "../models/mtan.js";
import { ple } from "../models/ple.js";
import { softSharing } from "../models/soft-sharing.js";
import { binary } from "../objective/binary.js";
import { clustering } from "../objective/clustering.js";
import type { TaskKind } from "../objective/kind.js";
import { multiclass } from "../objective/multiclass.js";
import { regression } from "../objective/regression.js";

/** Options as they come out of JSON: written by the constructor that reads them, which checks them. */
// biome-ignore lint/suspicious/noExplicitAny: JSON that each constructor checks for itself
type Options = any;

type Nested = (description: Json) => Layer;

/** Constructors of your own, by the name that stands in their descriptions. */
export interface Constructors {
  readonly layers?: { readonly [name: string]: (options: Options, layer: Nested) => Layer };
  readonly encoders?: { readonly [name: string]: (options: Options, layer: Nested) => EncoderBuilder };
  readonly kinds?: { readonly [name: string]: (options: Options) => TaskKind };
}

const layers: Required<Constructors>["layers"] = {
  activation: ({ kind }: { kind: Activation }) => activation(kind),
  avgPool1d: ({ size, ...options }) => avgPool1dLayer(size, options),
  avgPool2d: ({ size, ...options }) => avgPool2dLayer(size, options),
  batchNorm: (options) => batchNorm(options),
  conv1d: ({ filters, size, ...options }) => conv1dLayer(filters, size, options),
  conv2d: ({ filters, size, ...options }) => conv2dLayer(filters, size, options),
  dense: ({ units, ...options }) => dense(units, options),
  dropout: ({ rate }) => dropout(rate),
  embedding: ({ entries, dimension, ...options }) => embeddingLayer(entries, dimension, options),
  flatten: () => flattenLayer(),
  globalAveragePool: () => globalAveragePool(),
  layerNorm: (options) => layerNorm(options),
  maxPool1d: ({ size, ...options }) => maxPool1dLayer(size, options),
  maxPool2d: ({ size, ...options }) => maxPool2dLayer(size, options),
  reshape: ({ shape }) => reshapeLayer(shape),
  residual: ({ body, shortcut, name }, layer) =>
    residual(layer(body), { name, ...(shortcut && { shortcut: layer(shortcut) }) }),
  sequential: ({ layers, name }, layer) => sequential(layers.map(layer), { name }),
};

const encoders: Required<Constructors>["encoders"] = {
  crossStitch: ({ stages, own }, layer) => crossStitch(stages.map(layer), { own }),
  dselectK: ({ expert, ...options }, layer) => dselectK(layer(expert), options),
  film: ({ stages, encodings }, layer) => film(stages.map(layer), encodings),
  hardSharing: ({ trunk }, layer) => hardSharing(layer(trunk)),
  mmoe: ({ expert, experts }, layer) => mmoe(layer(expert), { experts }),
  mtan: ({ stages, hidden }, layer) =>
    mtan(
      stages.map(({ first, second, carry }: { first: Json; second: Json; carry?: Json }) => ({
        first: layer(first),
        second: layer(second),
        ...(carry !== undefined && { carry: layer(carry) }),
      })),
      { hidden },
    ),
  ple: ({ levels }, layer) =>
    ple(
      levels.map((level: { expert: Json; shared: number; own: number }) => ({ ...level, expert: layer(level.expert) })),
    ),
  softSharing: ({ trunk, sameStart }, layer) => softSharing(layer(trunk), { sameStart }),
};

const kinds: Required<Constructors>["kinds"] = {
  binary: (options) => binary(options),
  clustering: (options) => clustering(options),
  multiclass: (options) => multiclass(options),
  regression: (options) => regression(options),
};

/** Builds what descriptions say. @throws InputError for a name that is not known. */
export function constructorsWith(own: Constructors) {
  const find = <T>(
    what: string,
    known: { readonly [name: string]: T },
    description: Json,
    key: string,
  ): [T, Options] => {
    const { [key]: name, ...options } = description as { readonly [name: string]: Json };
    if (typeof name !== "string" || !Object.hasOwn(known, name))
      throw new InputError(`loadModel: no ${what} is named ${JSON.stringify(name)}; pass its constructor to loadModel`);
    return [known[name]!, options];
  };
  const layer = (description: Json): Layer => {
    const [build, options] = find("layer", { ...layers, ...own.layers }, description, "layer");
    return build(options, layer);
  };
  return {
    layer,
    encoder(description: Json): EncoderBuilder {
      const [build, options] = find("encoder", { ...encoders, ...own.encoders }, description, "encoder");
      return build(options, layer);
    },
    kind(description: Json): TaskKind {
      const [build, options] = find("kind of task", { ...kinds, ...own.kinds }, description, "kind");
      return build(options);
    },
  };
}
