/** The caller's data or options are at fault, not the program: the message says what was found and what to do. */
export class InputError extends Error {
  override readonly name = "InputError";
}
