import type { Layer, Objective, Wrap } from "@kinship/mtl";
import type { Tensor } from "@kinship/tensor";
import { callFamily, Lacking } from "../harness/family.js";
import type { Inputs } from "../harness/values.js";
import type { Kinship } from "../peers/kinship.js";
import { ADAM, PlainAdam } from "./adam.js";
import { cnnInputs, cnnLoss, cnnParameters, plainCnn } from "./cnn.js";
import { mlpInputs, mlpLoss, parameterNames, plainMlp, type Sizes } from "./mlp.js";
import { type Arrays, arraysOf } from "./plain.js";
import { type Loss, trainKinship } from "./training.js";

interface Net {
  readonly rows: number;
  readonly parameters: readonly string[];
  readonly inputs: Inputs;
  readonly plain: (state: Arrays) => { readonly loss: number; readonly gradients: Arrays };
  readonly loss: (ops: Kinship["ops"]) => Loss<Tensor>;
  /** The same as tasks of a model that starts from the given parameters. */
  readonly objective: (kinship: Kinship, parameter: (name: string) => Tensor) => Objective;
  /** Labels of a task. */
  readonly labels: (kinship: Kinship, head: number) => Tensor;
  /** The parameters in the order of their names. */
  readonly read: (parameters: Trained) => Tensor[];
}

type Trained = { readonly shared: unknown; readonly tasks: Readonly<Record<string, { readonly head: unknown }>> };
type Affine = { readonly weights: Tensor; readonly bias: Tensor };
type Filters = { readonly filters: Tensor; readonly bias: Tensor };

const task = (head: number): string => `task${head}`;
const perHead = <T>(heads: number, value: (head: number) => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: heads }, (_, head) => [task(head), value(head)]));
const headsIn = ({ tasks }: Trained): Tensor[] =>
  Object.values(tasks).flatMap(({ head }) => [(head as Affine).weights, (head as Affine).bias]);

/** A layer that begins with these numbers. */
const from = (layer: Layer, parameters: Affine | Filters): Layer => ({
  ...layer,
  initialise: () => ({ parameters, state: {} }),
});

function mlp(): Net {
  const sizes: Sizes = { batch: 64, features: 28, width: 64, heads: 4 };
  return {
    rows: sizes.batch,
    parameters: parameterNames(sizes),
    inputs: mlpInputs(sizes),
    plain: (state) => plainMlp(state, mlpInputs(sizes), sizes),
    loss: (ops) => mlpLoss(ops, sizes),
    objective: ({ mtl }, parameter) => {
      const { createObjective, dense, hardSharing, multiTaskModel, regression, sequential } = mtl;
      const layer = (units: number, name: string, activation?: "relu") =>
        from(dense(units, activation && { activation }), {
          weights: parameter(`w${name}`),
          bias: parameter(`b${name}`),
        });
      const trunk = sequential([layer(sizes.width, "1", "relu"), layer(sizes.width, "2", "relu")]);
      const heads = perHead(sizes.heads, (head) => layer(1, `_${head}`));
      return createObjective({
        model: multiTaskModel({ input: [sizes.features], encoder: hardSharing(trunk), heads }),
        tasks: perHead(sizes.heads, () => regression({ standardise: false })),
      });
    },
    labels: ({ from }, head) => from(mlpInputs(sizes)[`y_${head}`]!),
    read: (trained) => {
      const { dense, dense2 } = trained.shared as { readonly dense: Affine; readonly dense2: Affine };
      return [dense.weights, dense.bias, dense2.weights, dense2.bias, ...headsIn(trained)];
    },
  };
}

function cnn(): Net {
  const [batch, classes, heads] = [2, 10, 2];
  const inputs = cnnInputs({ batch });
  return {
    rows: batch,
    parameters: cnnParameters,
    inputs,
    plain: (state) => plainCnn(state, inputs, batch),
    loss: (ops) => cnnLoss(ops, batch),
    objective: ({ mtl }, parameter) => {
      const { conv2dLayer, createObjective, dense, flattenLayer, hardSharing } = mtl;
      const { maxPool2dLayer, multiclass, multiTaskModel, sequential } = mtl;
      const convolution = (k: 1 | 2) => {
        const filters = parameter(`f${k}`);
        const layer = conv2dLayer(filters.shape[0]!, 3, { padding: "valid", activation: "relu" });
        return from(layer, { filters, bias: parameter(`c${k}`) });
      };
      const layer = (units: number, name: string, activation?: "relu") =>
        from(dense(units, activation && { activation }), {
          weights: parameter(`w${name}`),
          bias: parameter(`b${name}`),
        });
      const trunk = sequential([
        ...([1, 2] as const).flatMap((k) => [convolution(k), maxPool2dLayer(2)]),
        flattenLayer(),
        layer(64, "", "relu"),
      ]);
      return createObjective({
        model: multiTaskModel({
          input: inputs.x!.shape.slice(1),
          encoder: hardSharing(trunk),
          heads: perHead(heads, (head) => layer(classes, `_${head}`)),
        }),
        tasks: perHead(heads, () => multiclass({ classes })),
      });
    },
    labels: ({ ops, from }, head) => ops.cast(ops.argmax(from(inputs[`y_${head}`]!), { axis: 1 }), "float32"),
    read: (trained) => {
      const { conv2d, conv2d2, dense } = trained.shared as {
        readonly conv2d: Filters;
        readonly conv2d2: Filters;
        readonly dense: Affine;
      };
      const convolutions = [conv2d, conv2d2].flatMap(({ filters, bias }) => [filters, bias]);
      return [...convolutions, dense.weights, dense.bias, ...headsIn(trained)];
    },
  };
}

const nets = { mlp, cnn };
type Parameters = { net: keyof typeof nets; loop: "bare" | "train"; steps: number };

/** Trains for so many steps, from the start every time: the parameters in the order of their names. */
type Loop = (steps: number) => readonly Tensor[] | Promise<readonly Tensor[]>;

/** A loop over a step written by hand: loss, gradient and Adam as one program, always the same rows. */
function bareLoop(kinship: Kinship, { parameters, inputs, loss }: Net): Loop {
  const { restart, run, trained } = trainKinship(kinship, { inputs, parameters, loss: loss(kinship.ops) });
  return (steps) => {
    // Trained on and on, a net that has learned everything has gradients and moments below the normal numbers, which
    // some processors take several times as long for: the CNN's steps from the 600th on.
    restart();
    for (let step = 0; step < steps; step++) run();
    return trained();
  };
}

/**
 * The library's own loop: batches drawn, losses kept, finiteness looked at, the thread handed back. All rows are one
 * batch, so that every order of them gives the same numbers; every step then ends an epoch, which costs it a little more.
 */
function trainLoop(kinship: Kinship, { rows, inputs, objective, labels, read }: Net): Loop {
  const { mtl, ops, from, compile } = kinship;
  const made = objective(kinship, (name) => from(inputs[name]!));
  const data = mtl.sharedRows(
    from(inputs.x!),
    Object.fromEntries(made.tasks.map((name, head) => [name, ops.reshape(labels(kinship, head), [rows])])),
  );
  // As in a long training, programs are compiled once: each run asks for the same ones in the same order.
  const programs: unknown[] = [];
  const optimizer = mtl.adam({ learningRate: ADAM.rate });
  return async (steps) => {
    let asked = 0;
    const wrap = ((f: never, options?: { readonly donate?: readonly number[] }) => {
      const index = asked++;
      programs[index] ??= compile(f, options);
      return programs[index];
    }) as unknown as Wrap;
    const { parameters } = await mtl.train({ objective: made, data, steps, batchSize: rows, optimizer, wrap });
    return read(parameters.model);
  };
}

const loops = { bare: bareLoop, train: trainLoop };

/**
 * Steps after which the weights are compared. After more of them they cannot be: where a unit turns on for a row, or a
 * gradient is all but zero, Adam takes a whole step one way or the other by rounding alone. The MLP's reference, its
 * weights moved by a millionth of themselves, ends up to 2e-4 of the largest away after 30 steps and 4e-2 after 500, and
 * never more than 7e-6 after 20 (60 draws).
 */
const COMPARED = 20;

function reference(given: Inputs, { net }: Parameters): Float64Array[] {
  const { parameters, plain } = nets[net]();
  const state = arraysOf(given, parameters);
  const adam = new PlainAdam(parameters.map((name) => state[name]!));
  for (let step = 0; step < COMPARED; step++) {
    const { gradients } = plain(state);
    adam.update(parameters.map((name) => gradients[name]!));
  }
  // A net with more weights than labels learns them by heart: nothing is left of the loss, whichever way rounding went.
  return [Float64Array.of(0), ...parameters.map((name) => state[name]!)];
}

/** What is left of the loss after all steps, as a share of it before them, then the weights after the first steps. */
async function evidence(train: Loop, trained: readonly Tensor[], { parameters, inputs, plain }: Net) {
  const after = Object.fromEntries(parameters.map((name, k) => [name, Float64Array.from(trained[k]!.toTypedArray())]));
  const share = plain(after).loss / plain(arraysOf(inputs, parameters)).loss;
  return [[share], ...(await train(COMPARED)).map((tensor) => tensor.toTypedArray())];
}

const pair = (net: Parameters["net"], title: string, steps: number) =>
  (["bare", "train"] as const).map((loop) => ({
    name: `${title} ${steps} ${loop === "bare" ? "bare steps" : "steps of train()"}`,
    parameters: { net, loop, steps },
    quick: true,
  }));

/** What `train` costs over a loop around the bare compiled step, its start and end included. */
export const trainingLoop = callFamily<Parameters>({
  name: "training loop",
  about: "the training rows’ steps in a loop written by hand, and in the library’s train()",
  cases: [...pair("mlp", "MLP,", 2000), ...pair("cnn", "CNN, batch 2,", 200)],
  // The engine has compiled the loops themselves by then.
  runsBeforeReading: 3,
  // As in the rows of single steps. Of the loss the CNN keeps a ten-thousandth, the MLP nothing that float32 can tell.
  tolerance: ({ net }) => (net === "mlp" ? 1e-4 : 1e-3),
  inputs: ({ net }) => nets[net]().inputs,
  reference,
  work: () => ({}),
  implementations: {
    kinship: (kinship, _, { net, loop, steps }) => {
      if (!kinship.compiled) throw new Lacking("compiles no step to put a loop around");
      const made = nets[net]();
      const train = loops[loop](kinship, made);
      return {
        asynchronous: loop === "train",
        run: () => train(steps),
        read: (trained) => evidence(train, trained as readonly Tensor[], made),
      };
    },
  },
});
