/** Which parts of a body are pictures to judge. */
import { LivenessError } from '@unspoof/core'
import { decodeDataUrl, isDataUrl } from './data-url.ts'
import { imagesInJson } from './json.ts'
import type { UploadLimits } from './limits.ts'
import { isImageType, looksLikeImage } from './sniff.ts'
import { createUpload, type Upload, type UploadBody } from './upload.ts'

export interface ImageSelection {
  /** Only files of these fields (and data URLs at these JSON paths) are pictures to judge; undefined: of every field. */
  readonly fields: readonly string[] | undefined
  /** Where a picture is required, a file of no known kind is judged too, so that the answer says what is wrong with it. */
  readonly required: boolean
}

/**
 * The pictures of a body: files that are one by declaration or by their bytes, and data URLs.
 * @throws LivenessError TOO_MANY_PARTS, BODY_MALFORMED, BODY_TOO_LARGE, IMAGE_TYPE
 */
export function imagesOf(body: UploadBody, selection: ImageSelection, limits: UploadLimits): Upload[] {
  const images = [
    ...imageFiles(body.files, selection),
    ...imagesInFields(body, selection, limits),
    ...(body.json === undefined ? [] : imagesInJson(body.json, limits, selection)),
  ]
  if (images.length > limits.images) {
    throw new LivenessError('TOO_MANY_PARTS', `Expected at most ${limits.images} pictures.`)
  }
  return images
}

function imageFiles(files: readonly Upload[], { fields, required }: ImageSelection): readonly Upload[] {
  // A body that is a picture has no name to compare: a route that lists fields wants a form.
  if (fields !== undefined) return files.filter((file) => fields.includes(file.fieldname))
  const images = files.filter((file) => isImageType(file.mimetype) || looksLikeImage(file.buffer))
  return images.length === 0 && required ? files : images
}

/** Text fields that are data URLs: `formData.append('photo', canvas.toDataURL())`. */
function imagesInFields(body: UploadBody, { fields }: ImageSelection, limits: UploadLimits): Upload[] {
  return Object.entries(body.fields).flatMap(([name, values]) => {
    if (fields !== undefined && !fields.includes(name)) return []
    const urls = [values].flat().filter((value) => isDataUrl(value))
    return urls.map((url) => {
      const { type, bytes } = decodeDataUrl(url, limits.fileBytes)
      return createUpload(name, '', type, bytes)
    })
  })
}
