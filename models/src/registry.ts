/** Models of others: cards to run them by, and where their authors publish the weights. Nothing here is bundled. */
import type { CardCalibration, CardCrop, CardInput, DetectorCard, ModelCard, PadCard } from '@unspoof/core'

export interface RegistryEntry {
  readonly card: ModelCard
  /** What was checked about the address and the licence, and what was not. */
  readonly note: string
}

const NOT_CALIBRATED: CardCalibration = { slope: 1, offset: 0, fittedOn: 'none' }

/** Thresholds for comparing, not measured: the model's own 0.5 and one on each side. */
const NOT_MEASURED: PadCard['operatingPoints'] = {
  strict: { threshold: 0.9, measured: [] },
  balanced: { threshold: 0.5, measured: [] },
  lenient: { threshold: 0.3, measured: [] },
}

const UNTUNED = 'The thresholds are not measured: fit your own before you let it decide.'

function pixels(name: string, side: number, colour: 'rgb' | 'bgr', scale: number, crop: CardCrop): CardInput {
  return { name, width: side, height: side, layout: 'nchw', colour, scale, mean: [0, 0, 0], std: [1, 1, 1], crop }
}

/** minivision's crop: grown in both directions, moved and shrunk to stay inside the picture. */
function clampedCrop(scale: number): CardCrop {
  return { scale, square: false, border: 'clamp', down: 'linear', up: 'linear' }
}

const facenoxInput = pixels('input', 128, 'rgb', 1 / 255, {
  scale: 1.5,
  square: true,
  border: 'reflect101',
  down: 'area',
  up: 'lanczos4',
})

const facenox: PadCard = {
  schema: 1,
  id: 'facenox-minifasnet-v2-se-128',
  version: '1.0.0',
  task: 'pad',
  title: 'MiniFASNetV2-SE 128 (face-antispoof-onnx, "98.20")',
  files: [
    {
      name: 'best_model_quantized.onnx',
      variant: 'int8',
      bytes: 626_197,
      sha256: 'fde20585635cae62ed1d41796f76b6f8bc4b92cd91ec1cf0f1bc6485d2d587a9',
      url: 'https://github.com/facenox/face-antispoof-onnx/releases/download/v1.0.0/best_model_quantized.onnx',
    },
    {
      name: 'best_model.onnx',
      variant: 'fp32',
      bytes: 1_912_594,
      sha256: 'af2381b88f38769222ed93379e12444e2a50814575de1c46170de570c55a42b6',
      url: 'https://github.com/facenox/face-antispoof-onnx/releases/download/v1.0.0/best_model.onnx',
    },
  ],
  licence: 'Apache-2.0',
  provenance:
    'By Raiven Olazo (johnraivenolazo, suriAI and facenox are the names its repository has had). Trained on CelebA-Spoof, which is for research only.',
  limits: ['Weak on phone screens whose edges are out of view.', UNTUNED],
  inputs: [facenoxInput],
  output: { name: 'output', kind: 'logits', classes: ['live', 'spoof'] },
  calibration: NOT_CALIBRATED,
  operatingPoints: NOT_MEASURED,
  validFace: { minSide: 64 },
}

const facenoxEarlier: PadCard = {
  ...facenox,
  id: 'facenox-minifasnet-v2-se-128-earlier',
  version: '97.80',
  title: 'MiniFASNetV2-SE 128 (face-antispoof-onnx, "97.80")',
  files: [
    {
      name: 'best_model.onnx',
      variant: 'fp32',
      bytes: 1_912_594,
      sha256: 'c7752c4c6315e7779fc6f3124e8d352e7583b0a55bcd1497a4162b0a54150c2c',
    },
  ],
}

const silentFaceProvenance =
  "By minivision (Silent-Face-Anti-Spoofing, Apache-2.0), trained on the company's own pictures."

function silentFace(
  id: string,
  title: string,
  scale: number,
  files: PadCard['files'],
  outputName: string,
  exportedBy: string,
): PadCard {
  return {
    schema: 1,
    id,
    version: '1.0.0',
    task: 'pad',
    title,
    files,
    licence: 'Apache-2.0',
    provenance: `${silentFaceProvenance} ${exportedBy}`,
    limits: ['Made to be averaged with its sister model.', UNTUNED],
    inputs: [pixels('input', 80, 'bgr', 1, clampedCrop(scale))],
    output: { name: outputName, kind: 'logits', classes: ['spoof-a', 'live', 'spoof-b'] },
    calibration: NOT_CALIBRATED,
    operatingPoints: NOT_MEASURED,
    validFace: { minSide: 64 },
  }
}

const EXPORTED_BY_YAKHYO = 'ONNX by yakhyo/face-anti-spoofing (Apache-2.0).'
const EXPORTED_PRIVATELY = 'ONNX made from the published .pth with PyTorch 2.12, opset 11, batch of one.'

const silentFaceV2 = silentFace(
  'silent-face-v2-80',
  'Silent-Face MiniFASNetV2, 2.7 x',
  2.7,
  [
    {
      name: 'MiniFASNetV2.onnx',
      variant: 'fp32',
      bytes: 1_743_581,
      sha256: 'b32929adc2d9c34b9486f8c4c7bc97c1b69bc0ea9befefc380e4faae4e463907',
      url: 'https://github.com/yakhyo/face-anti-spoofing/releases/download/weights/MiniFASNetV2.onnx',
    },
  ],
  'output',
  EXPORTED_BY_YAKHYO,
)

const silentFaceV1Se = silentFace(
  'silent-face-v1se-80',
  'Silent-Face MiniFASNetV1SE, 4.0 x',
  4,
  [
    {
      name: 'MiniFASNetV1SE.onnx',
      variant: 'fp32',
      bytes: 1_742_335,
      sha256: 'ebab7f90c7833fbccd46d3a555410e78d969db5438e169b6524be444862b3676',
      url: 'https://github.com/yakhyo/face-anti-spoofing/releases/download/weights/MiniFASNetV1SE.onnx',
    },
  ],
  'output',
  EXPORTED_BY_YAKHYO,
)

const silentFaceV2Opset11 = silentFace(
  'silent-face-v2-80-opset11',
  'Silent-Face MiniFASNetV2, 2.7 x (another export)',
  2.7,
  [
    {
      name: 'minifasnet-v2-80-scale2.7.onnx',
      variant: 'fp32',
      bytes: 1_743_495,
      sha256: '7886c41bcbcc1be00cf8700eddbd8cbd4b1ad138e69010790de2a57a3b01d7e5',
    },
  ],
  'logits',
  EXPORTED_PRIVATELY,
)

const silentFaceV1SeOpset11 = silentFace(
  'silent-face-v1se-80-opset11',
  'Silent-Face MiniFASNetV1SE, 4.0 x (another export)',
  4,
  [
    {
      name: 'minifasnet-v1se-80-scale4.0.onnx',
      variant: 'fp32',
      bytes: 1_742_663,
      sha256: 'e67aedf72df3e1912dbf6baa5f7406b8b30c3cb43234170a70dd9d143fea358e',
    },
  ],
  'logits',
  EXPORTED_PRIVATELY,
)

const HAIRYMAX =
  'https://raw.githubusercontent.com/hairymax/Face-AntiSpoofing/eed4e278d80e60c2c63ea8e480886266e566ec63/saved_models'

function hairymax(id: string, title: string, files: PadCard['files'], classes: readonly string[]): PadCard {
  return {
    schema: 1,
    id,
    version: '1.0.0',
    task: 'pad',
    title,
    files,
    licence: 'NOASSERTION',
    provenance:
      'By hairymax (Face-AntiSpoofing). Trained on CelebA-Spoof, which is for research only. No licence is stated.',
    limits: ['No licence: to compare with, not to ship and not to train from.', UNTUNED],
    inputs: [
      pixels('input', 128, 'rgb', 1 / 255, {
        scale: 1.5,
        square: true,
        border: 'constant',
        down: 'linear',
        up: 'linear',
      }),
    ],
    output: { name: 'output', kind: 'logits', classes },
    calibration: NOT_CALIBRATED,
    operatingPoints: NOT_MEASURED,
    validFace: { minSide: 64 },
  }
}

const hairymaxBinary = hairymax(
  'hairymax-bin-128',
  'hairymax Face-AntiSpoofing, live or spoof',
  [
    {
      name: 'AntiSpoofing_bin_1.5_128.onnx',
      variant: 'fp32',
      bytes: 1_896_015,
      sha256: 'a6c0553fab996a56962baeb0a49013a03c32b866999f6aea76936b6833929bda',
      url: `${HAIRYMAX}/AntiSpoofing_bin_1.5_128.onnx`,
    },
  ],
  ['live', 'spoof'],
)

const hairymaxPrintReplay = hairymax(
  'hairymax-print-replay-128',
  'hairymax Face-AntiSpoofing, live, print or replay',
  [
    {
      name: 'AntiSpoofing_print-replay_1.5_128.onnx',
      variant: 'fp32',
      bytes: 1_896_527,
      sha256: '7ef69fafebdb333619c6dcdb54ba9b493ccaff5cd4ceba8f66de20a1c6692433',
      url: `${HAIRYMAX}/AntiSpoofing_print-replay_1.5_128.onnx`,
    },
  ],
  ['live', 'print', 'replay'],
)

const yunet: DetectorCard = {
  schema: 1,
  id: 'yunet-2023mar-640',
  version: '2023.3.0',
  task: 'face-detection',
  title: 'YuNet (OpenCV Zoo)',
  files: [
    {
      name: 'face_detection_yunet_2023mar.onnx',
      variant: 'fp32',
      bytes: 232_589,
      sha256: '8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4',
      url: 'https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/face_detection_yunet_2023mar.onnx',
    },
  ],
  licence: 'MIT',
  provenance: 'By Shiqi Yu and Yuantao Feng (libfacedetection), trained on WIDER FACE.',
  input: {
    name: 'input',
    width: 640,
    height: 640,
    layout: 'nchw',
    colour: 'bgr',
    scale: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    letterbox: 'top-left',
  },
  decoder: { kind: 'yunet', strides: [8, 16, 32] },
  scoreThreshold: 0.6,
  iouThreshold: 0.3,
}

const PUBLISHED_HASH = 'The hash of the file at this address is stated by several independent public repositories.'
const NO_ADDRESS = 'No public address of this very file is known: the card is for those who have it.'

const MINIVISION =
  'minivision itself publishes .pth files only. Names of input and output are those of the exporting script.'

const entries: readonly RegistryEntry[] = [
  { card: facenox, note: PUBLISHED_HASH },
  { card: facenoxEarlier, note: NO_ADDRESS },
  { card: silentFaceV2, note: `${PUBLISHED_HASH} ${MINIVISION}` },
  { card: silentFaceV1Se, note: `${PUBLISHED_HASH} ${MINIVISION}` },
  { card: silentFaceV2Opset11, note: NO_ADDRESS },
  { card: silentFaceV1SeOpset11, note: NO_ADDRESS },
  { card: hairymaxBinary, note: 'The hash of the file at this address is stated by another public repository.' },
  { card: hairymaxPrintReplay, note: 'The hash of the file at this address is stated by another public repository.' },
  { card: yunet, note: "The hash is the one in OpenCV Zoo's own Git LFS pointer." },
]

/** Cards of models of others, by id. Has no inherited keys: any string can be looked up. */
export const registry: Readonly<Record<string, RegistryEntry>> = Object.freeze(
  Object.assign(
    Object.create(null) as Record<string, RegistryEntry>,
    Object.fromEntries(entries.map((entry) => [entry.card.id, entry])),
  ),
)
