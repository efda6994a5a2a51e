import type { Structure } from "@kinship/tensor";
import type { Batch, Objective } from "../objective/objective.js";
import type { Run } from "./run.js";
import type { Carried } from "./state.js";
import type { StepInput, Stepped } from "./step.js";

export interface Advanced {
  readonly stepped: Stepped;
  /** What the next step starts from. */
  readonly state: Carried;
  readonly batch: Batch;
}

/** A step with all that goes before and after it: a function of the state and of the step's number alone. */
export function advance(run: Run, before: Carried, step: number): Advanced {
  const { state, input } = ready(run, before, step);
  const stepped = run.step(state, input);
  const after = run.remembers ? outlasting(run, stepped.state) : stepped.state;
  const endsEpoch = step + 1 === run.total || (step + 1) % run.sampler.stepsInEpoch === 0;
  return { stepped, state: endsEpoch && stepped.finite ? refreshed(run, after) : after, batch: input.batch };
}

/** What a step starts from, and what it is given. */
export function ready(run: Run, state: Carried, step: number): { readonly state: Carried; readonly input: StepInput } {
  const { sampler, draws, total } = run;
  const epoch = Math.floor(step / sampler.stepsInEpoch);
  const batches = draws.map((draw, k) => draw(sampler.rowsAt(step + k * total)));
  const independent = batches.length === 3 ? ([batches[1]!, batches[2]!] as const) : undefined;
  return {
    state: step % sampler.stepsInEpoch === 0 ? settled(run, state, epoch) : state,
    input: { batch: batches[0]!, active: run.active(epoch), independent },
  };
}

/** For each epoch a 1 for each task that counts in it; always the same array once all do. */
export function activity({ tasks, kinds }: Objective): (epoch: number) => Float64Array {
  const first = tasks.map((task) => kinds[task]!.settle?.afterEpoch ?? 0);
  const all = new Float64Array(tasks.length).fill(1);
  return (epoch) =>
    first.every((own) => own <= epoch) ? all : Float64Array.from(first, (own) => (own <= epoch ? 1 : 0));
}

/** Sets the numbers of the kinds whose warm-up ends with this epoch. */
function settled({ objective, groups, seed, forward, carrier }: Run, state: Carried, epoch: number): Carried {
  const due = objective.tasks.filter((task) => objective.kinds[task]!.settle?.afterEpoch === epoch);
  if (due.length === 0) return state;
  const { records } = state;
  let { kinds } = records.parameters;
  for (const { x, targets } of groups)
    for (const task of due.filter((name) => name in targets)) {
      const output = forward(records.parameters, records.layers, x, [task])[task]!;
      kinds = { ...kinds, [task]: objective.kinds[task]!.settle!.parameters(output, kinds[task]!, seed) };
    }
  return carrier.ofRecords({ ...records, parameters: { ...records.parameters, kinds } });
}

/** Layers may remember what they were given itself; a batch's memory is written to at the next step. */
function outlasting({ carrier, draws }: Run, { records }: Carried): Carried {
  const layers = draws.reduce<Structure>((kept, draw) => draw.detached(kept), records.layers);
  return carrier.ofRecords({ ...records, layers });
}

/** What penalties learn from an epoch's parameters. */
function refreshed({ objective, carrier }: Run, state: Carried): Carried {
  if (objective.penalties.length === 0) return state;
  const { records } = state;
  const penalties = objective.penalties.map(
    (penalty, k) => penalty.refresh?.(records.parameters, records.penalties[k]!) ?? records.penalties[k]!,
  );
  return carrier.ofRecords({ ...records, penalties });
}
