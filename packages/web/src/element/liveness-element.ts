/** <unspoof-liveness>: the camera with oval, hints and result as one element for any page or framework. */
import type { LivenessError } from '@unspoof/core'
import { createLivenessFlow, type LivenessFlow, type LivenessFlowOptions } from '../flow/flow.ts'
import type { FlowResult, FlowState } from '../flow/state.ts'
import type { LivenessStrings } from '../strings/strings.ts'
import { patch } from '../ui/dom.ts'
import { createPresenter, type Presenter } from '../ui/presenter.ts'
import { adoptStyles, SHADOW_STYLES } from '../ui/styles.ts'
import { cameraView } from '../ui/view.ts'
import { loadStrings } from './languages.ts'

/** The events of the element, by name. They bubble. */
export interface UnspoofLivenessEventMap {
  /** There is a verdict. The camera is off. */
  'liveness-result': CustomEvent<FlowResult>
  /** Something failed. The camera is off. */
  'liveness-error': CustomEvent<LivenessError>
  /** The person pressed "Cancel" while the camera was on. */
  'liveness-cancel': CustomEvent<undefined>
  /** The state changed: status, hint, progress and the rest. */
  'liveness-state': CustomEvent<FlowState>
}

/** The attributes of the element, for declarations of JSX and templates. */
export interface UnspoofLivenessAttributes {
  readonly session?: string
  readonly assets?: string
  readonly theme?: 'auto' | 'light' | 'dark'
  readonly lang?: string
  readonly name?: string
  readonly required?: boolean
  readonly autostart?: boolean
  readonly preload?: boolean
}

interface Listens {
  /** Knows the events of the element by name. */
  addEventListener<Name extends keyof UnspoofLivenessEventMap>(
    type: Name,
    listener: (event: UnspoofLivenessEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void
}

/** On a server there is no HTMLElement: the module can be imported there, and the element is defined in the browser. */
const Base = (globalThis.HTMLElement ?? class {}) as unknown as new () => Listens & HTMLElement

/**
 * @tagname unspoof-liveness
 * @attr {string} session - Where the server makes sessions, such as `/liveness/sessions`. Without it the verdict is local and only guides the person.
 * @attr {string} assets - Folder with worker, wasm and models. Default: `/unspoof/`.
 * @attr {'auto' | 'light' | 'dark'} theme - Default: `auto`, which follows the system.
 * @attr {string} lang - Language of the element. Default: the language of the page.
 * @attr {string} name - Name of the form field that receives the token.
 * @attr {boolean} required - The form cannot be submitted without a token.
 * @attr {boolean} autostart - Opens the camera at once. Browsers then ask for it without a click.
 * @attr {boolean} preload - Loads the models at once, so that the first start is quick.
 * @fires liveness-result - There is a verdict. `detail` is the result.
 * @fires liveness-error - Something failed. `detail` is a LivenessError.
 * @fires liveness-cancel - The person pressed "Cancel" while the camera was on.
 * @fires liveness-state - The state changed. `detail` is the state.
 * @slot start - In place of the start screen.
 * @slot heading - In place of the heading of the start screen.
 * @slot consent - Below the text of the start screen, for example a link.
 * @slot result - In place of what is shown when there is a verdict.
 * @csspart stage - The frame around preview and panel.
 * @csspart video - The preview.
 * @csspart hint - The sentence on the preview.
 * @csspart panel - What is shown while the camera is off.
 * @csspart heading - The heading of the panel.
 * @csspart text - The text of the panel.
 * @csspart controls - The row of controls.
 * @csspart button - The one button.
 * @csspart select - The list of cameras.
 * @cssprop --unspoof-accent - Colour of the button.
 * @cssprop --unspoof-on-accent - Colour of the words on it.
 * @cssprop --unspoof-surface - Behind quiet controls.
 * @cssprop --unspoof-panel - Behind the panel.
 * @cssprop --unspoof-text - Colour of headings.
 * @cssprop --unspoof-muted - Colour of other words.
 * @cssprop --unspoof-border - Colour of lines.
 * @cssprop --unspoof-good - Colour of a good result.
 * @cssprop --unspoof-bad - Colour of an error.
 * @cssprop --unspoof-shade - Outside of the oval.
 * @cssprop --unspoof-radius - Roundness of corners.
 * @cssprop --unspoof-width - Largest width.
 * @cssprop --unspoof-font - Font family.
 */
export class UnspoofLiveness extends Base {
  static readonly formAssociated = true
  static readonly observedAttributes = ['session', 'assets', 'theme', 'lang', 'required']

  #options: LivenessFlowOptions = {}
  #strings: LivenessStrings | undefined
  /** Strings of the language of the page, once they are there. */
  #loaded: LivenessStrings | undefined
  #language = ''
  #flow: LivenessFlow | undefined
  #presenter: Presenter | undefined
  #disconnect: (() => void) | undefined
  #last: FlowState | undefined
  #focused: Element | null = null
  readonly #internals: ElementInternals | undefined = this.attachInternals?.()

  constructor() {
    super()
    const root = this.attachShadow?.({ mode: 'open' })
    root?.addEventListener('focusin', ({ target }) => {
      this.#focused = target as Element
    })
    root?.addEventListener('focusout', ({ target }) => {
      // A removed control has lost the focus, too, and its place is kept below.
      if ((target as Element).isConnected) this.#focused = null
    })
  }

  /** Everything that has no attribute: models, camera, headers of requests. Takes effect at the next start; `camera` at the first. */
  get options(): LivenessFlowOptions {
    return this.#options
  }
  set options(options: LivenessFlowOptions) {
    this.#options = options
    this.#flow?.setOptions(this.#flowOptions())
  }

  /** Words of your own, or a language that is loaded already. */
  get strings(): LivenessStrings | undefined {
    return this.#strings
  }
  set strings(strings: LivenessStrings | undefined) {
    this.#strings = strings
    this.#update()
  }

  /** Where the check is: status, hint, result, error. Undefined before the element is in a page. */
  get state(): FlowState | undefined {
    return this.#flow?.getSnapshot()
  }

  /** The server's token, as the form sends it; empty before a `live` verdict of a server. */
  get value(): string {
    return this.state?.result?.token ?? ''
  }

  get name(): string {
    return this.getAttribute('name') ?? ''
  }
  set name(name: string) {
    this.setAttribute('name', name)
  }

  /** The form that the element belongs to. */
  get form(): HTMLFormElement | null {
    return this.#internals?.form ?? null
  }

  /** Opens the camera and checks. Call it from a click or tap. Never rejects: see the events. */
  async start(): Promise<void> {
    await this.#flow?.start()
  }

  /** Releases the camera at once. */
  stop(): void {
    this.#flow?.stop()
  }

  /** Takes another camera: by id, or the other way round without one. */
  switchCamera(deviceId?: string): void {
    this.#flow?.switchCamera(deviceId)
  }

  connectedCallback(): void {
    for (const key of ['options', 'strings', 'name'] as const) this.#upgrade(key)
    adoptStyles(this.shadowRoot, SHADOW_STYLES)
    const flow = this.#flow ?? createLivenessFlow(this.#flowOptions())
    this.#flow = flow
    this.#presenter ??= createPresenter(flow)
    const unsubscribe = this.#presenter.subscribe(() => this.#render())
    const disconnect = this.#presenter.connect()
    this.#disconnect = () => {
      unsubscribe()
      disconnect()
    }
    this.#update()
    if (this.hasAttribute('preload')) flow.preload()
    if (this.hasAttribute('autostart')) void flow.start()
  }

  disconnectedCallback(): void {
    this.#flow?.stop()
    this.#disconnect?.()
  }

  attributeChangedCallback(): void {
    this.#flow?.setOptions(this.#flowOptions())
    this.#update()
  }

  formResetCallback(): void {
    this.#flow?.stop()
  }

  /** A property that was set before the class was there hides the accessor. */
  #upgrade(key: 'options' | 'strings' | 'name'): void {
    if (!Object.hasOwn(this, key)) return
    const value = this[key]
    delete (this as Partial<Record<typeof key, unknown>>)[key]
    Object.assign(this, { [key]: value })
  }

  #flowOptions(): LivenessFlowOptions {
    const [session, assets] = [this.getAttribute('session'), this.getAttribute('assets')]
    const { liveness } = this.#options
    return {
      oval: true,
      ...this.#options,
      ...(session === null ? {} : { session }),
      ...(assets === null || (liveness !== undefined && 'check' in liveness)
        ? {}
        : { liveness: { ...liveness, assets } }),
      onResult: (result) => {
        this.#emit('liveness-result', result)
        this.#options.onResult?.(result)
      },
      onError: (error) => {
        this.#emit('liveness-error', error)
        this.#options.onError?.(error)
      },
    }
  }

  /** After a change of words: those of the application, else the language of the element or its page. */
  #update(): void {
    if (this.#presenter === undefined) return
    const language = this.closest('[lang]')?.getAttribute('lang') ?? 'en'
    if (this.#strings === undefined && language !== this.#language) {
      this.#language = language
      void loadStrings(language).then((strings) => {
        if (this.#language !== language) return
        this.#loaded = strings
        this.#update()
      })
    }
    const strings = this.#strings ?? this.#loaded
    if (strings === undefined) return // the words are on their way
    this.#presenter.setOptions({ strings, onCancel: () => this.#emit('liveness-cancel', undefined) })
    this.#render()
  }

  #render(): void {
    const [flow, presenter, root] = [this.#flow, this.#presenter, this.shadowRoot]
    if (flow === undefined || presenter === undefined || root === null) return
    const presented = presenter.getSnapshot()
    if (this.#strings !== undefined || this.#loaded !== undefined) {
      const theme = this.getAttribute('theme')
      patch(root, [
        cameraView(presented, {
          theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
          onPress: () => presenter.press(),
          onCamera: (deviceId) => flow.switchCamera(deviceId),
        }),
      ])
      flow.attach(root.querySelector('video'))
      if (this.#focused !== null && !this.#focused.isConnected) {
        this.#focused = null
        root.querySelector<HTMLElement>('.unspoof')?.focus({ preventScroll: true })
      }
    }
    if (presented.state === this.#last) return
    this.#last = presented.state
    this.#fillForm()
    this.#emit('liveness-state', presented.state)
  }

  #fillForm(): void {
    const { value } = this
    this.#internals?.setFormValue?.(value === '' ? null : value)
    const missing = this.hasAttribute('required') && value === ''
    const button = this.shadowRoot?.querySelector<HTMLElement>('.unspoof-button') ?? undefined
    this.#internals?.setValidity?.(
      missing ? { valueMissing: true } : {},
      missing ? (this.#strings ?? this.#loaded)?.labels.title || '…' : '',
      missing ? button : undefined,
    )
  }

  #emit<Name extends keyof UnspoofLivenessEventMap>(name: Name, detail: UnspoofLivenessEventMap[Name]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }))
  }
}
