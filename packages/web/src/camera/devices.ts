/** Which cameras there are, and which one the person chose last time. */

export type Facing = 'user' | 'environment'

export interface CameraDevice {
  readonly deviceId: string
  /** As the browser says; empty until the person has allowed the camera once. */
  readonly label: string
}

export async function listCameras(devices: MediaDevices): Promise<CameraDevice[]> {
  const all = await devices.enumerateDevices()
  return all.filter((device) => device.kind === 'videoinput').map(({ deviceId, label }) => ({ deviceId, label }))
}

/** Depth and infrared cameras of phones and laptops show no colour picture; they are never taken by default. */
export function isColourCamera(label: string): boolean {
  return !/\b(ir|infra-?red|depth|tof)\b/i.test(label)
}

const KEY = 'unspoof.camera'

/**
 * The id of the camera the person chose last where the application asked for this facing, on this device only;
 * undefined where storage is off.
 */
export function recallCamera(facing: Facing): string | undefined {
  try {
    return localStorage.getItem(`${KEY}.${facing}`) ?? undefined
  } catch {
    return undefined // storage is blocked: nothing is remembered
  }
}

export function rememberCamera(facing: Facing, deviceId: string): void {
  try {
    localStorage.setItem(`${KEY}.${facing}`, deviceId)
  } catch {
    // storage is full or blocked: nothing is remembered
  }
}
