/** CSV with a header line, after RFC 4180: quotes, doubled quotes, CRLF, a byte order mark. */
import { LivenessError } from '@unspoof/core'

export interface Csv {
  readonly columns: readonly string[]
  readonly rows: readonly { readonly line: number; readonly values: Readonly<Record<string, string>> }[]
}

/** @throws LivenessError DATA_INVALID naming file and line for an open quote, or a row that is shorter or longer than the header. */
export function parseCsv(text: string, file: string): Csv {
  const records = split(text.replace(/^\uFEFF/, ''), file)
  const header = records[0]
  if (header === undefined) throw new LivenessError('DATA_INVALID', `${file} is empty.`)
  const columns = header.cells.map((name) => name.trim())
  const doubled = columns.find((name, i) => columns.indexOf(name) !== i)
  if (doubled !== undefined)
    throw new LivenessError('DATA_INVALID', `${file}: column "${doubled.slice(0, 40)}" is there twice.`)
  const rows = records.slice(1).map(({ line, cells }) => {
    if (cells.length !== columns.length) {
      throw new LivenessError(
        'DATA_INVALID',
        `${file}, line ${line}: expected ${columns.length} columns but found ${cells.length}.`,
      )
    }
    return { line, values: Object.fromEntries(columns.map((name, i) => [name, cells[i]!])) }
  })
  return { columns, rows }
}

function split(text: string, file: string): { line: number; cells: string[] }[] {
  const records: { line: number; cells: string[] }[] = []
  let cells: string[] = []
  let cell = ''
  let quoted = false
  let line = 1
  let began = 1
  const endRecord = () => {
    // A blank line is not a record.
    if (cells.length > 0 || cell !== '') records.push({ line: began, cells: [...cells, cell] })
    cells = []
    cell = ''
  }
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    if (quoted) {
      if (c === '\n') line++
      if (c !== '"') cell += c
      else if (text[i + 1] === '"') {
        cell += '"'
        i++
      } else quoted = false
    } else if (c === '"' && cell === '') quoted = true
    else if (c === ',') {
      cells.push(cell)
      cell = ''
    } else if (c === '\n') {
      endRecord()
      line++
      began = line
    } else if (c !== '\r' || text[i + 1] !== '\n') cell += c
  }
  if (quoted) throw new LivenessError('DATA_INVALID', `${file}, line ${began}: a quote is not closed.`)
  endRecord()
  return records
}
