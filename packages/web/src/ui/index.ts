/** The parts of the camera that @unspoof/react and the custom element share: `@unspoof/web/ui`. Not for applications. */
export { createPresenter, type Presented, type Presenter } from './presenter.ts'
export { adoptStyles } from './styles.ts'
export { hintOfState, isBusy } from './texts.ts'
export type { ViewElement, ViewNode } from './tree.ts'
export { cameraView, type SlotName } from './view.ts'
