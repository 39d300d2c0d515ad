import { kindTo, SLOTS } from './frames.ts';
import type { Outbox } from './outbox.ts';

/** The templates that one Python process holds: each is sent once, until others have taken its slot. */
export class Templates {
  readonly #outbox: Outbox;
  readonly #slots = new Map<string, number>();
  readonly #texts: string[] = [];
  #next = 0;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** The slot that holds the template, from the next frame on. */
  slotOf(template: string): number {
    const known = this.#slots.get(template);
    if (known !== undefined) return known;
    const slot = this.#next;
    this.#next = (slot + 1) % SLOTS;
    const before = this.#texts[slot];
    if (before !== undefined) this.#slots.delete(before);
    this.#texts[slot] = template;
    this.#slots.set(template, slot);
    this.#outbox.frame({ kind: kindTo.template, slot }, template);
    return slot;
  }
}
