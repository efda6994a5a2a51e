/** Adam (Kingma & Ba, 2015), with the constants that every row uses. */
export const ADAM = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** What bias correction leaves of the rate and of the second moment at step t = 1, 2, … (its section 2). */
export const corrections = (t: number): { first: number; second: number } => ({
  first: 1 / (1 - ADAM.beta1 ** t),
  second: 1 / (1 - ADAM.beta2 ** t),
});

/** The reference: in place, on plain arrays. */
export class PlainAdam {
  private step = 0;
  private readonly moments: { m: Float64Array; v: Float64Array }[];

  constructor(private readonly parameters: readonly Float64Array[]) {
    this.moments = parameters.map(({ length }) => ({ m: new Float64Array(length), v: new Float64Array(length) }));
  }

  update(gradients: readonly Float64Array[]): void {
    this.step++;
    const { first, second } = corrections(this.step);
    for (const [k, parameter] of this.parameters.entries()) {
      const { m, v } = this.moments[k]!;
      for (const [i, gradient] of gradients[k]!.entries()) {
        m[i] = ADAM.beta1 * m[i]! + (1 - ADAM.beta1) * gradient;
        v[i] = ADAM.beta2 * v[i]! + (1 - ADAM.beta2) * gradient * gradient;
        parameter[i]! -= (ADAM.rate * m[i]! * first) / (Math.sqrt(v[i]! * second) + ADAM.epsilon);
      }
    }
  }
}
