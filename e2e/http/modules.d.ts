/** Express 4 under its own name; its types are those of Express 5 where the tests use it. */
declare module 'express4' {
  export { default } from 'express'
}
