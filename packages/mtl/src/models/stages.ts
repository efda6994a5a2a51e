import { InputError } from "../errors.js";
import type { Layer, Shape } from "../layers/layer.js";

/** The shape that each stage is given, and behind them the shape that the last one gives. */
export function stageInputs(name: string, stages: readonly Layer[], input: Shape): Shape[] {
  if (stages.length === 0) throw new InputError(`${name}: expected at least one stage, found none`);
  const shapes: Shape[] = [input];
  for (const stage of stages) shapes.push(stage.outputShape(shapes.at(-1)!));
  return shapes;
}
