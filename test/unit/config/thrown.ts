import { TsunicornError } from '../../../src/errors.ts';

/** The error that `act` rejects with; anything but ours is thrown on. */
export async function thrownBy(act: () => Promise<unknown>): Promise<TsunicornError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof TsunicornError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
