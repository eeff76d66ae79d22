type TypedArray = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

const PAGE_BITS = 16;
const PAGE = 1 << PAGE_BITS;

/** A growing list of numbers, packed. It grows by pages: nothing is copied, and nothing left behind. */
export class Numbers<A extends TypedArray> {
  readonly #make: new (
    length: number,
  ) => A;
  readonly #pages: A[] = [];
  #length = 0;

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
    if (index >>> PAGE_BITS === this.#pages.length) this.#pages.push(new this.#make(PAGE));
    this.#length += 1;
    this.set(index, value);
  }
}
