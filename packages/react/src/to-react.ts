/** From the view of @unspoof/web to React elements, with the application's own content in the slots. */
import type { ViewElement, ViewNode } from '@unspoof/web/ui'
import { type ChangeEvent, createElement, Fragment, type ReactNode } from 'react'

export interface ToReact {
  /** In place of what a slot shows by itself. */
  readonly slots: Readonly<Record<string, ReactNode>>
  /** More properties for the element with this class. */
  readonly extra: Readonly<Record<string, object>>
}

/** Attributes that React spells in its own way. `aria-` and `data-` are the same in both. */
const NAMES: Readonly<Record<string, string>> = {
  class: 'className',
  tabindex: 'tabIndex',
  playsinline: 'playsInline',
  'fill-rule': 'fillRule',
  'stroke-dasharray': 'strokeDasharray',
}

export function toReact(node: ViewNode, options: ToReact): ReactNode {
  if (typeof node === 'string') return node
  const children = node.children.map((child) => toReact(child, options))
  if (node.tag === 'slot') {
    const own = options.slots[String(node.attributes.name)]
    return createElement(Fragment, { key: node.key }, ...(own === undefined ? children : [own]))
  }
  return createElement(
    node.tag,
    { key: node.key, ...propsOf(node), ...options.extra[String(node.attributes.class)] },
    ...children,
  )
}

function propsOf({ attributes, on }: ViewElement): Record<string, unknown> {
  const props: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false || name === 'part') continue
    // React writes `data-x={true}` as "true"; in HTML and in the style sheet it is an empty value.
    props[NAMES[name] ?? name] = value === true && name.includes('-') ? '' : value
  }
  if (on.click !== undefined) props.onClick = on.click
  if (on.change !== undefined) {
    const { change } = on
    props.onChange = (event: ChangeEvent<HTMLSelectElement>) => change(event.target.value)
  }
  return props
}
