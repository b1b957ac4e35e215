/** What is found in the body of a request: text fields and files. */

/** One file of a request, in the shape of multer's memory storage. */
export interface Upload {
  /** Name of the form field or dotted path of the JSON value; empty where the body itself is the picture. */
  readonly fieldname: string
  /** The client's file name without folders and control characters. Never trust it. */
  readonly originalname: string
  readonly encoding: string
  /** What the client says the file is. The bytes decide. */
  readonly mimetype: string
  /** Bytes. */
  readonly size: number
  /** The very bytes that are judged. */
  readonly buffer: Buffer
}

/** Fields by name, without a prototype: a name is a key and never a path. A repeated field is an array. */
export type Fields = Record<string, string | string[]>

export interface UploadBody {
  readonly kind: 'multipart' | 'image' | 'json' | 'parsed' | 'none'
  /** Text fields of a multipart body. */
  readonly fields: Fields
  /** Every file, judged or not. */
  readonly files: readonly Upload[]
  /** The parsed value of a JSON body, or what another parser made of the body. */
  readonly json?: unknown
  /** The bytes of a JSON body, for a framework that parses it by itself. */
  readonly bytes?: Buffer
  /** The delimiter of a multipart body, for handing it on to another parser. */
  readonly boundary?: string
}

export function emptyBody(kind: UploadBody['kind'] = 'none'): UploadBody {
  return { kind, fields: Object.create(null) as Fields, files: [] }
}

export function createUpload(fieldname: string, originalname: string, mimetype: string, buffer: Buffer): Upload {
  return { fieldname, originalname, encoding: '7bit', mimetype, size: buffer.length, buffer }
}

/** Starts of the picture formats there are, also of those that are refused later: a GIF must not slip through as "no picture". */
const SIGNATURES: readonly (readonly [offset: number, bytes: string])[] = [
  [0, 'ffd8ff'], // JPEG
  [0, '89504e470d0a1a0a'], // PNG
  [8, '57454250'], // WebP ("WEBP" after "RIFF" and a size)
  [0, '47494638'], // GIF
  [0, '49492a00'], // TIFF, little endian
  [0, '4d4d002a'], // TIFF, big endian
  [4, '6674797061766966'], // AVIF ("ftypavif")
  [4, '6674797068656963'], // HEIC ("ftypheic")
  [4, '667479706d696631'], // HEIF ("ftypmif1")
  [0, 'ff0a'], // JPEG XL
  [0, '0000000c4a584c20'], // JPEG XL in a container
  [0, '0000000c6a502020'], // JPEG 2000
]

/** True where the first bytes are those of a picture, whatever the client calls the file. */
export function looksLikeImage(bytes: Buffer): boolean {
  return SIGNATURES.some(([offset, hex]) => bytes.toString('hex', offset, offset + hex.length / 2) === hex)
}

export function isImageType(mimetype: string): boolean {
  return /^image\//i.test(mimetype)
}
