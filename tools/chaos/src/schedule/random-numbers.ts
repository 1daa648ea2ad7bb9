/** Numbers from 0 to below 1 that depend on the seed alone (Steele and Vigna's splitmix, 32 bits wide). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Deals its cards in an order that depends on `random`; every card comes up before any comes up again. */
export class Deck<T> {
  private left: T[] = [];

  constructor(
    private readonly cards: readonly T[],
    private readonly random: () => number,
  ) {}

  next(): T {
    if (this.left.length === 0) this.left = [...this.cards];
    return this.left.splice(Math.floor(this.random() * this.left.length), 1)[0]!;
  }

  /** One that is not `other`, if there is any. */
  nextBut(other: T): T {
    const card = this.next();
    return card === other && this.cards.some((one) => one !== other) ? this.nextBut(other) : card;
  }
}
