/** The injection token for a service's stores. */
export const STORES = Symbol('stores');
