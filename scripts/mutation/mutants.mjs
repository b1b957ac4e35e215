// @ts-check
/** The mutants of a source file: small, wrong versions of it that its tests should notice. */
import ts from 'typescript'

/**
 * @typedef {object} Mutant
 * @property {'comparison' | 'logic' | 'arithmetic' | 'constant' | 'condition'} kind
 * @property {number} line of the source, from 1
 * @property {string} code that line, without its indentation
 * @property {string} from what stands there
 * @property {string} to what stands there instead
 * @property {number} nth which of several equal ones of the line, from 1
 * @property {string} source the whole mutated file
 * @property {{ readonly start: number, readonly end: number, readonly isStatement: boolean }} place the expression around it
 */

/** A comparison is moved by its edge and turned round. */
const COMPARISONS = /** @type {Record<string, string[]>} */ ({
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
})
const LOGIC = /** @type {Record<string, string[]>} */ ({ '&&': ['||'], '||': ['&&'], '??': ['&&'] })
const ARITHMETIC = /** @type {Record<string, string[]>} */ ({
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '+=': ['-='],
  '-=': ['+='],
})

/**
 * @param {string} source TypeScript
 * @returns {Mutant[]} in the order of the source
 */
export function mutantsOf(source) {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true)
  /** @type {Mutant[]} */
  const mutants = []
  /** @type {(kind: Mutant['kind'], around: ts.Node, start: number, end: number, to: string) => void} */
  const replace = (kind, around, start, end, to) => {
    const { line } = file.getLineAndCharacterOfPosition(start)
    const lineStart = file.getPositionOfLineAndCharacter(line, 0)
    const from = source.slice(start, end)
    mutants.push({
      kind,
      line: line + 1,
      code: (source.slice(lineStart).split('\n')[0] ?? '').trim(),
      from,
      to,
      nth: source.slice(lineStart, start).split(from).length,
      source: source.slice(0, start) + to + source.slice(end),
      place: { start: around.getStart(), end: around.getEnd(), isStatement: ts.isExpressionStatement(around.parent) },
    })
  }
  /** @param {ts.Node} node */
  const visit = (node) => {
    // Types and messages are not behaviour that a test should pin.
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    if (ts.isNewExpression(node) && node.expression.getText().endsWith('Error')) return
    if (ts.isBinaryExpression(node)) {
      const operator = node.operatorToken.getText()
      const [start, end] = [node.operatorToken.getStart(), node.operatorToken.getEnd()]
      const isText = [node.left, node.right].some(
        (side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side),
      )
      for (const to of COMPARISONS[operator] ?? []) replace('comparison', node, start, end, to)
      for (const to of LOGIC[operator] ?? []) replace('logic', node, start, end, to)
      if (!isText) for (const to of ARITHMETIC[operator] ?? []) replace('arithmetic', node, start, end, to)
    }
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      replace('condition', node, node.getStart(), node.operand.getStart(), '')
    }
    if (ts.isIfStatement(node)) {
      const { expression } = node
      replace('condition', expression, expression.getStart(), expression.getEnd(), 'true')
      replace('condition', expression, expression.getStart(), expression.getEnd(), 'false')
    }
    if (node.kind === ts.SyntaxKind.TrueKeyword) replace('constant', node, node.getStart(), node.getEnd(), 'false')
    if (node.kind === ts.SyntaxKind.FalseKeyword) replace('constant', node, node.getStart(), node.getEnd(), 'true')
    if (ts.isNumericLiteral(node)) {
      replace('constant', node, node.getStart(), node.getEnd(), `(${node.getText()} + 1)`)
    }
    ts.forEachChild(node, (child) => {
      // A loop that counts the wrong way does not end: nothing to learn, and nothing can stop it.
      if (!(ts.isForStatement(node) && child === node.incrementor)) visit(child)
    })
  }
  visit(file)
  return mutants
}

/**
 * The source as it is, telling `globalThis.reached(i)` each time the place of mutant i is evaluated.
 * @param {string} source
 * @param {readonly { readonly i: number, readonly place: Mutant['place'] }[]} mutants of that source
 */
export function traced(source, mutants) {
  const inserts = mutants.flatMap(({ i, place: { start, end, isStatement } }) =>
    // A statement that began with a parenthesis would call the line before it.
    isStatement
      ? [{ at: start, text: `globalThis.reached(${i}), ` }]
      : [
          { at: start, text: `(globalThis.reached(${i}), ` },
          { at: end, text: ')' },
        ],
  )
  return inserts
    .sort((a, b) => b.at - a.at)
    .reduce((text, { at, text: insert }) => text.slice(0, at) + insert + text.slice(at), source)
}
