/** `@unspoof/react/strings`: the languages of `@unspoof/web/strings`. */
export * from '@unspoof/web/strings'
