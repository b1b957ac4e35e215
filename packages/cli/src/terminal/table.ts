/** A plain text table, columns aligned. */

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, c) => Math.max(title.length, ...rows.map((row) => (row[c] ?? '').length)))
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, c) =>
        align === 'right' ? (cells[c] ?? '').padStart(widths[c]!) : (cells[c] ?? '').padEnd(widths[c]!),
      )
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => title)), widths.map((w) => '-'.repeat(w)).join('  '), ...rows.map(line)].join(
    '\n',
  )
}
