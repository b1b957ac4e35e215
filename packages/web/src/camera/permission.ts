/** What the browser tells about the permission for the camera before and after it is asked. */

/** `prompt`: the browser asks the person. Undefined where the browser does not tell. */
export type CameraPermission = 'prompt' | 'granted' | 'denied' | undefined

export async function cameraPermission(): Promise<CameraPermission> {
  try {
    return (await navigator.permissions.query({ name: 'camera' as PermissionName })).state
  } catch {
    return undefined // this browser does not know the name
  }
}

interface Policy {
  allowsFeature(feature: string): boolean
}

/** Quicker than a person can answer. */
const AT_ONCE_MS = 300

/**
 * Whether the page around this one forbids the camera. Chromium tells; elsewhere a frame that is refused at once, with no
 * denial that is remembered, has no other reason.
 * @param refusedAfterMs milliseconds from the question to the refusal
 */
export function forbiddenByFrame(permission: CameraPermission, refusedAfterMs: number): boolean {
  const page = document as unknown as { permissionsPolicy?: Policy; featurePolicy?: Policy }
  const policy = page.permissionsPolicy ?? page.featurePolicy
  if (policy !== undefined) return !policy.allowsFeature('camera')
  return window.self !== window.top && permission !== 'denied' && refusedAfterMs < AT_ONCE_MS
}
