/** Packages without types of their own. */
declare module 'express4' {
  export { default } from 'express'
}

declare module 'express-fileupload' {
  import type { RequestHandler } from 'express'

  function fileUpload(options?: object): RequestHandler
  namespace fileUpload {
    interface UploadedFile {
      readonly name: string
      readonly data: Buffer
    }
  }
  export default fileUpload
}
