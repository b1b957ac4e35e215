/** What bin/unspoof.js runs. */
import { main } from './main.ts'
import { createTerminal } from './terminal/terminal.ts'

// A reader that has seen enough (`unspoof check ... | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await main(process.argv.slice(2), createTerminal())
