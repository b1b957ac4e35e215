/** Injection tokens and metadata keys. Registered symbols, so that two copies of this package agree. */

/** The options given to {@link LivenessModule}. */
export const LIVENESS_MODULE_OPTIONS = Symbol.for('unspoof.nestjs.options')

/** Metadata: options of a route or controller. */
export const ROUTE_OPTIONS = Symbol.for('unspoof.nestjs.route-options')

/** Metadata: a route or controller that is not checked. */
export const SKIP = Symbol.for('unspoof.nestjs.skip')
