import {
  add,
  concat,
  einsum,
  foldIn,
  mul,
  relu,
  reshape,
  type Structure,
  sigmoid,
  type Tensor,
  zeros,
} from "@kinship/tensor";
import { InputError } from "../errors.js";
import { glorot, he } from "../layers/initialisers.js";
import { type Floating, inside, type Layer, nothing, requireCount, type Shape, show } from "../layers/layer.js";
import { applyBank, type Bank, type EncoderBuilder, initialiseBank, type Named, record } from "./encoder.js";

/** A block of the shared network, and how each task carries what it attended to from the block before. */
export interface AttentionStage {
  /** Gives u, which attention reads; where the resolution changes, this layer changes it. */
  readonly first: Layer;
  /** From u to p, which attention masks. */
  readonly second: Layer;
  /** From what the task attended to in the block before to the shape of u, channels aside; none at the first stage. */
  readonly carry?: Layer;
}

interface ChannelMap {
  readonly weights: Tensor;
  readonly bias: Tensor;
}
type Attention = { readonly hidden: ChannelMap; readonly mask: ChannelMap };
type Own = { readonly attention: readonly Attention[]; readonly carry: readonly Structure[] };
type Trunk = { readonly first: Structure; readonly second: Structure };
type State = { readonly trunk: readonly Trunk[]; readonly carry: readonly Named<Structure>[] };

/**
 * A shared network that each task attends to: a_t = σ(h_t(relu(g_t([u; carried])))), â_t = a_t ⊙ p (Liu, Johns & Davison,
 * End-to-end multi-task learning with attention, 2019, equations 1 and 2). g and h are linear maps of the
 * channels, 1 × 1 convolutions for images; the paper's batch norm inside them is left out.
 */
export function mtan(stages: readonly AttentionStage[], { hidden }: { readonly hidden: number }): EncoderBuilder {
  requireCount("mtan", "the number of hidden channels", hidden);
  return (tasks, input) => {
    const shapes = checkStages(stages, input);
    const carries: Bank[] = stages.map(({ carry }, k) =>
      carry && k > 0 ? record(tasks, () => ({ layer: carry, input: shapes[k - 1]!.p })) : {},
    );
    return {
      name: "multi-task attention network",
      description: {
        encoder: "mtan",
        hidden,
        stages: stages.map((s) => ({
          first: s.first.description,
          second: s.second.description,
          ...(s.carry && { carry: s.carry.description }),
        })),
      },
      tasks,
      input,
      output: shapes.at(-1)!.p,
      initialise(key, dtype) {
        const trunk = stages.map(({ first, second }, k) => ({
          first: first.initialise(foldIn(key, 3 * k), shapes[k]!.input, dtype),
          second: second.initialise(foldIn(key, 3 * k + 1), shapes[k]!.u, dtype),
        }));
        const carry = carries.map((bank, k) => initialiseBank(bank, foldIn(key, 3 * k + 2), dtype));
        const own = (t: number, task: string): Own => ({
          attention: shapes.map(({ u, p, carried }, k) =>
            initialiseAttention(foldIn(foldIn(key, -1 - t), k), u[0]! + carried, hidden, p[0]!, dtype),
          ),
          carry: carry.map(({ parameters }) => parameters[task] ?? nothing),
        });
        return {
          parameters: {
            shared: trunk.map(({ first, second }) => ({ first: first.parameters, second: second.parameters })),
            tasks: record(tasks, (task, t) => own(t, task) as unknown as Structure),
          },
          state: {
            trunk: trunk.map(({ first, second }) => ({ first: first.state, second: second.state })),
            carry: carry.map(({ state }) => state),
          },
        };
      },
      apply(parameters, x, wanted, context) {
        const trunk = parameters.shared as unknown as readonly Trunk[];
        const tasksOwn = parameters.tasks as unknown as Named<Own>;
        const state = context.state as unknown as State;
        const states = { trunk: [] as Trunk[], carry: [] as Named<Structure>[] };
        let attended: Named<Tensor> = {};
        let h = x;
        for (const [k, { first, second }] of stages.entries()) {
          const before = state.trunk[k]!;
          const u = first.apply(trunk[k]!.first, h, inside(context, 3 * k, before.first));
          const p = second.apply(trunk[k]!.second, u.output, inside(context, 3 * k + 1, before.second));
          states.trunk.push({ first: u.state, second: p.state });
          const carried = applyBank(
            carries[k]!,
            record(tasks, (task) => tasksOwn[task]!.carry[k]!),
            k > 0 && stages[k]!.carry ? attended : {},
            inside(context, 3 * k + 2, state.carry[k]!),
          );
          states.carry.push(carried.state);
          attended = record(wanted, (task) => {
            const from = k === 0 ? undefined : (carried.outputs[task] ?? attended[task]!);
            const read = from === undefined ? u.output : concat([u.output, from], 1);
            return mul(maskOf(tasksOwn[task]!.attention[k]!, read), p.output);
          });
          h = p.output;
        }
        return { outputs: attended, state: states as unknown as Structure };
      },
      parts: stages.flatMap(({ first, second, carry }, k) => [
        { layer: first, input: shapes[k]!.input, count: 1 },
        { layer: second, input: shapes[k]!.u, count: 1 },
        ...(carry && k > 0 ? [{ layer: carry, input: shapes[k - 1]!.p, count: tasks.length }] : []),
      ]),
    };
  };
}

function linear({ weights, bias }: ChannelMap, x: Tensor): Tensor {
  const [batch, channels, ...rest] = x.shape as [number, number, ...number[]];
  const mapped = einsum("cd,bcm->bdm", weights, reshape(x, [batch, channels, -1]));
  return reshape(add(mapped, reshape(bias, [-1, 1])), [batch, bias.size, ...rest]);
}

const maskOf = ({ hidden, mask }: Attention, x: Tensor): Tensor => sigmoid(linear(mask, relu(linear(hidden, x))));

function initialiseAttention(key: Tensor, inputs: number, hidden: number, out: number, dtype: Floating): Attention {
  const [first, second] = [
    { in: inputs, out: hidden },
    { in: hidden, out },
  ];
  return {
    hidden: { weights: he(foldIn(key, 0), [inputs, hidden], first, dtype), bias: zeros([hidden], dtype) },
    mask: { weights: glorot(foldIn(key, 1), [hidden, out], second, dtype), bias: zeros([out], dtype) },
  };
}

function checkStages(stages: readonly AttentionStage[], input: Shape) {
  if (stages.length === 0) throw new InputError("mtan: expected at least one stage, found none");
  let at = input;
  let before: Shape = [];
  return stages.map(({ first, second, carry }, k) => {
    const u = first.outputShape(at);
    const p = second.outputShape(u);
    const carried = k === 0 ? undefined : (carry?.outputShape(before) ?? before);
    if (carried && show(carried.slice(1)) !== show(u.slice(1)))
      throw new InputError(
        `mtan, stage ${k + 1}: the task carries ${show(carried)} and the shared block gives ${show(u)}; only the channels may differ, give a carry that gets there`,
      );
    if (show(u.slice(1)) !== show(p.slice(1)))
      throw new InputError(
        `mtan, stage ${k + 1}: second turns ${show(u)} into ${show(p)}; only the channels may change`,
      );
    const shapes = { input: at, u, p, carried: carried?.[0] ?? 0 };
    at = p;
    before = p;
    return shapes;
  });
}
