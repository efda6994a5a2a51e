import { add, foldIn, type Structure } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { inside, type Layer, nothing, type Shape, show } from "./layer.js";

type Parameters = { readonly body: Structure; readonly shortcut: Structure };

/**
 * body(x) + x (He et al., Deep residual learning, 2016, equation 1); with a `shortcut`, body(x) + shortcut(x) (their
 * equation 2), for bodies that change the shape.
 */
export function residual(
  body: Layer,
  { name = "residual", shortcut }: { readonly name?: string; readonly shortcut?: Layer } = {},
): Layer<Parameters> {
  const around = (input: Shape): Shape => (shortcut ? shortcut.outputShape(input) : input);
  return {
    name,
    description: {
      layer: "residual",
      body: body.description,
      name,
      ...(shortcut && { shortcut: shortcut.description }),
    },
    outputShape(input) {
      const output = body.outputShape(input);
      if (show(output) !== show(around(input)))
        throw new InputError(
          `${name}: the body gives ${show(output)} and ${shortcut ? "the shortcut" : "its input is"} ${show(around(input))}; give a shortcut that gives the same shape`,
        );
      return output;
    },
    initialise(key, input, dtype) {
      const inner = body.initialise(foldIn(key, 0), input, dtype);
      const outer = shortcut?.initialise(foldIn(key, 1), input, dtype) ?? { parameters: nothing, state: nothing };
      return {
        parameters: { body: inner.parameters, shortcut: outer.parameters },
        state: { body: inner.state, shortcut: outer.state },
      };
    },
    apply(parameters, x, context) {
      const own = context.state as Parameters;
      const inner = body.apply(parameters.body, x, inside(context, 0, own.body));
      const outer = shortcut?.apply(parameters.shortcut, x, inside(context, 1, own.shortcut));
      return {
        output: add(inner.output, outer?.output ?? x),
        state: { body: inner.state, shortcut: outer?.state ?? nothing },
      };
    },
    parts: (input) => [{ layer: body, input }, ...(shortcut ? [{ layer: shortcut, input }] : [])],
  };
}
