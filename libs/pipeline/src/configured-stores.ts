/** Under which a service finds its stores. */
export const STORES = Symbol('stores');
