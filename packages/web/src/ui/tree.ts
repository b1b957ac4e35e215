/** A view as plain data. Two small renderers use it: the custom element writes DOM nodes, @unspoof/react makes React elements. */

export type ViewNode = ViewElement | string

export interface ViewElement {
  /** A lower-case tag name. `slot` marks content that the application may replace. */
  readonly tag: string
  /** Tells siblings apart: a renderer keeps the node of a key that is still there. */
  readonly key: string
  /** Attributes by their HTML or SVG names. `undefined` and `false` leave one out; `true` is an empty value. */
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>
  readonly on: ViewEvents
  readonly children: readonly ViewNode[]
}

export interface ViewEvents {
  readonly click?: (() => void) | undefined
  /** With the value of the control. */
  readonly change?: ((value: string) => void) | undefined
}

/** Makes an element. The key is the `class`, or the tag where there is no class. */
export function h(
  tag: string,
  attributes: ViewElement['attributes'] = {},
  children: readonly (ViewNode | false | undefined)[] = [],
  on: ViewEvents = {},
): ViewElement {
  const key = String(attributes.key ?? attributes.class ?? attributes.name ?? tag)
  const { key: _, ...rest } = attributes
  return {
    tag,
    key,
    attributes: rest,
    on,
    children: children.filter((child) => child !== false && child !== undefined),
  }
}
