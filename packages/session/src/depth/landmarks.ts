/** Places of MediaPipe's face mesh, by number. */

export const EYE_CORNERS = { right: [33, 133], left: [362, 263] } as const

/** Near one plane: rings of both eyes, brows and lips. */
export const FLAT_PARTS = [
  33, 133, 159, 145, 158, 153, 160, 144, 362, 263, 386, 374, 385, 380, 387, 373, 70, 63, 105, 66, 107, 300, 293, 334,
  296, 336, 61, 291, 0, 17, 37, 267, 84, 314, 40, 270, 91, 321,
] as const

/** Tip and bridge of the nose: what stands out of that plane. */
export const NOSE = [1, 4, 5, 195] as const
