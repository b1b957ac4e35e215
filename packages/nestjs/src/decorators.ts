/** Decorators for routes and their parameters. */
import { createParamDecorator, type ExecutionContext, type PipeTransform, SetMetadata, type Type } from '@nestjs/common'
import { invalid } from '@unspoof/core'
import { type RequestLiveness, resolveHttpOptions } from '@unspoof/http'
import type { LivenessRouteOptions } from './options.ts'
import { ROUTE_OPTIONS, SKIP } from './tokens.ts'

/** Written out: what Nest 12 would infer names types that Nest 11 does not have. */
type LivenessDecorator = (
  ...propertyOrPipes: (keyof RequestLiveness | PipeTransform | Type<PipeTransform> | undefined)[]
) => ParameterDecorator

/**
 * The verdict about this request: `login(@Liveness() result: RequestLiveness)`, or one property of it:
 * `login(@Liveness('uploads') files: Upload[])`. Undefined where no guard ran.
 */
export const Liveness: LivenessDecorator = createParamDecorator(
  (property: keyof RequestLiveness | undefined, context: ExecutionContext) => {
    const { liveness } = context.switchToHttp().getRequest<{ liveness?: RequestLiveness }>()
    return property === undefined ? liveness : liveness?.[property]
  },
)

/**
 * Options of this route or controller, over those of the module.
 * @throws LivenessError OPTION_INVALID when the class is defined
 */
export function LivenessOptions(options: LivenessRouteOptions): MethodDecorator & ClassDecorator {
  resolveHttpOptions(options)
  return SetMetadata(ROUTE_OPTIONS, options)
}

/**
 * This route or controller is not checked; `@SkipLiveness(false)` on a route undoes it for the controller.
 * @throws LivenessError OPTION_INVALID for an argument that is neither true nor false, such as a setting that is missing
 */
export function SkipLiveness(...args: [skip?: boolean]): MethodDecorator & ClassDecorator {
  const skip: unknown = args.length === 0 ? true : args[0]
  if (typeof skip !== 'boolean') throw invalid('SkipLiveness()', 'true or false', skip)
  return SetMetadata(SKIP, skip)
}
