/** The same catalogue in another language: same places, other words. What is left out is said in English. */
export type Translation<T> = T extends string
  ? string
  : T extends (...values: infer Values) => string
    ? (...values: Values) => string
    : T extends readonly unknown[]
      ? { readonly [Key in keyof T]: Translation<T[Key]> }
      : T extends object
        ? { readonly [Key in keyof T]?: Translation<T[Key]> }
        : T;
