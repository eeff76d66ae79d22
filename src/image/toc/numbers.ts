type TypedArray = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

const PAGE_BITS = 16;
const PAGE = 1 << PAGE_BITS;
const SMALLEST_PAGE = 64;
const GROWTH = 4;

/** A growing list of numbers, packed. It grows by pages, so that little is copied or left behind; the first begins small, for most lists are. */
export class Numbers<A extends TypedArray> {
  readonly #make: new (
    length: number,
  ) => A;
  readonly #pages: A[] = [];
  #length = 0;
  #room = 0;

  constructor(make: new (length: number) => A) {
    this.#make = make;
  }

  get length(): number {
    return this.#length;
  }

  /** 0 past the end. */
  get(index: number): number {
    return this.#pages[index >>> PAGE_BITS]?.[index & (PAGE - 1)] ?? 0;
  }

  /** Of an index below the length. */
  set(index: number, value: number): void {
    const page = this.#pages[index >>> PAGE_BITS];
    if (page !== undefined) page[index & (PAGE - 1)] = value;
  }

  push(value: number): void {
    const index = this.#length;
    if (index === this.#room) this.#makeRoom();
    this.#length += 1;
    this.set(index, value);
  }

  /** The numbers as they lie in memory. */
  *memory(): Generator<A> {
    for (const [index, page] of this.#pages.entries())
      yield page.subarray(0, Math.min(page.length, this.#length - index * PAGE)) as A;
  }

  #makeRoom(): void {
    const last = this.#pages.at(-1);
    if (last === undefined || last.length === PAGE) {
      const page = new this.#make(last === undefined ? SMALLEST_PAGE : PAGE);
      this.#pages.push(page);
      this.#room += page.length;
      return;
    }
    const wider = new this.#make(last.length * GROWTH);
    wider.set(last);
    this.#pages[this.#pages.length - 1] = wider;
    this.#room = wider.length;
  }
}
