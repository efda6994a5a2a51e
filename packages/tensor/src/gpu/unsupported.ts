/** A program, or a part of one, that a GPU cannot run as it is meant. */
export class UnsupportedOnGpu extends Error {
  override readonly name = "UnsupportedOnGpu";
}

/** Above, neighbouring whole numbers are one number in float32. */
export const largestWhole = 2 ** 24;

/** WebGL's addressing goes wrong from this index on (GPU.js issue 314); float32 indices are exact below. */
export const mostElements = 2 ** 23;
