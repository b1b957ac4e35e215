/** The entry point: the command line as a function, for tools that embed it. */
export { EXIT } from './exit-codes.ts'
export { main } from './main.ts'
export { createTerminal, type Progress, type Terminal } from './terminal/terminal.ts'
