/** useKeptFocus(): the keyboard stays in the component when the control that had the focus goes. */
import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from 'react'

/** React warns about layout effects on a server, where there is nothing to lay out. */
export const useIsomorphicLayoutEffect: typeof useLayoutEffect =
  typeof document === 'undefined' ? () => undefined : useLayoutEffect

/**
 * Where a render takes the focused control away, `root` (with `tabIndex={-1}`) gets the focus, and the next Tab goes on from there. The handlers belong on
 * `root`: React keeps the blur of a removed element to itself, so one that is heard means that the person went elsewhere.
 */
export function useKeptFocus(root: RefObject<HTMLElement | null>) {
  const focused = useRef<Element | null>(null)
  useIsomorphicLayoutEffect(() => {
    if (focused.current === null || focused.current.isConnected) return
    focused.current = null
    root.current?.focus({ preventScroll: true })
  })
  return {
    onFocus: (event: FocusEvent) => {
      focused.current = event.target
    },
    onBlur: () => {
      focused.current = null
    },
  }
}
