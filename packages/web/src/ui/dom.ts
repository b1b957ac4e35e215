/** Writes a view into the DOM. Nodes stay the same from one view to the next, so a video plays on and the focus stays. */
import type { ViewElement, ViewEvents, ViewNode } from './tree.ts'

const SVG = 'http://www.w3.org/2000/svg'

interface Written {
  readonly key: string
  attributes: ViewElement['attributes']
  on: ViewEvents
}

const written = new WeakMap<Node, Written>()

/** Makes the children of `parent` look like `children`. */
export function patch(parent: Element | ShadowRoot, children: readonly ViewNode[]): void {
  const keys = new Set(children.map(keyOf))
  const old = new Map<string, ChildNode>()
  for (const node of [...parent.childNodes]) {
    const key = written.get(node)?.key
    if (key !== undefined && keys.has(key)) old.set(key, node)
    else node.remove()
  }
  let place = parent.firstChild
  for (const child of children) {
    const node = old.get(keyOf(child)) ?? create(child, parent)
    if (node === place) place = place.nextSibling
    else parent.insertBefore(node, place)
    update(node, child)
  }
}

function keyOf(node: ViewNode): string {
  return typeof node === 'string' ? '#text' : node.key
}

function create(child: ViewNode, parent: Element | ShadowRoot): ChildNode {
  const document = parent.ownerDocument
  if (typeof child === 'string') {
    const text = document.createTextNode(child)
    written.set(text, { key: keyOf(child), attributes: {}, on: {} })
    return text
  }
  const isSvg = child.tag === 'svg' || (parent as Partial<Element>).namespaceURI === SVG
  const element = isSvg ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag)
  const memory: Written = { key: child.key, attributes: {}, on: {} }
  written.set(element, memory)
  element.addEventListener('click', () => memory.on.click?.())
  element.addEventListener('change', () => memory.on.change?.((element as HTMLSelectElement).value))
  return element
}

function update(node: ChildNode, child: ViewNode): void {
  if (typeof child === 'string') {
    if (node.nodeValue !== child) node.nodeValue = child
    return
  }
  const element = node as Element
  const memory = written.get(node)!
  memory.on = child.on
  for (const name of Object.keys(memory.attributes)) {
    if (!(name in child.attributes)) element.removeAttribute(name)
  }
  for (const [name, value] of Object.entries(child.attributes)) {
    if (memory.attributes[name] === value) continue
    if (value === undefined || value === false) element.removeAttribute(name)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  memory.attributes = child.attributes
  patch(element, child.children)
  // A select shows the option of its value, which must be there first.
  if (child.tag === 'select') (element as HTMLSelectElement).value = String(child.attributes.value ?? '')
}
