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
