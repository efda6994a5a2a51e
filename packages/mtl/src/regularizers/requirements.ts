import { InputError } from "../errors.js";

export function requirePositive(value: number, what: string): void {
  if (!(value > 0 && Number.isFinite(value))) throw new InputError(`${what} must be a finite number > 0, not ${value}`);
}

export function requireShare(value: number, what: string): void {
  if (!(value >= 0 && value <= 1)) throw new InputError(`${what} must be a share from 0 to 1, not ${value}`);
}
