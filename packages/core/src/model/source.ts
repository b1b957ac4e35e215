/** Where a model comes from. */
import type { CardFile } from './card.ts'

/** A card and its weights: from the bundled package, a folder, a URL. `card()` is parsed and checked by core. */
export interface ModelSource {
  /** For messages: a package name, path or URL. */
  readonly location: string
  /** The card as parsed JSON, not yet validated. */
  card(): Promise<unknown>
  /** The bytes of a file; core checks length and SHA-256 before anything else sees them. */
  read(file: CardFile): Promise<Uint8Array>
}
