/** Reads the structure of a JPEG file: one frame header of a kind that decodes reliably, scans, end (ITU-T T.81, B.2). */
import { corrupt, type ImageHeader, type Repair, viewOf } from './header.ts'

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const DNL = 0xdc
const APP0 = 0xe0
const APP14 = 0xee
const PROGRESSIVE = 0xc2

/**
 * Baseline, extended sequential and progressive, all Huffman coded. The others are lossless (3), hierarchical (5-7, 13-15)
 * and arithmetic coded (9-11): a baseline file relabelled as arithmetic decodes to garbage without an error.
 */
const SOF_ACCEPTED = [0xc0, 0xc1, 0xc2]
const SOF_REFUSED = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]

/** Encoders write at most some dozens of scans; thousands only serve to keep a decoder busy. */
export const MAX_SCANS = 100

/** @throws LivenessError IMAGE_CORRUPT */
export function readJpegHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes)
  let size: { width: number; height: number } | undefined
  let components = 0
  let isProgressive = false
  let scans = 0
  let adobe: { at: number; length: number } | undefined
  const repairs: Repair[] = []
  let at = 2
  for (;;) {
    at = findMarker(bytes, at)
    const marker = bytes[at + 1]!
    at += 2
    if (marker === EOI) {
      if (size === undefined || scans === 0) throw corrupt('it ends before its pixels')
      if (adobe !== undefined) repairs.push(...repairAdobe(bytes, adobe.at, adobe.length, components))
      const onePass = !isProgressive && scans === 1
      return { type: 'jpeg', ...size, animated: false, trailing: at < bytes.length, repairs, onePass }
    }
    if (marker === SOI) throw corrupt('it starts twice')
    if (marker === 0x01) continue
    const length = at + 2 <= bytes.length ? view.getUint16(at) : 0
    if (length < 2 || at + length > bytes.length) throw corrupt('a segment reaches past its end')
    if (SOF_REFUSED.includes(marker) || marker === DNL) throw corrupt('it is not a Huffman-coded 8-bit JPEG')
    if (SOF_ACCEPTED.includes(marker)) {
      if (size !== undefined) throw corrupt('it has two frame headers')
      size = readFrameHeader(view, at, length)
      components = view.getUint8(at + 7)
      isProgressive = marker === PROGRESSIVE
    }
    if (marker === APP0) repairs.push(...repairJfif(bytes, at, length))
    if (marker === APP14) adobe = { at, length }
    if (marker === SOS) {
      if (size === undefined) throw corrupt('pixels come before the frame header')
      scans += 1
      if (scans > MAX_SCANS) throw corrupt(`it has more than ${MAX_SCANS} scans`)
      if (!isProgressive) repairs.push(...repairScan(bytes, at, length))
    }
    at += length
  }
}

function readFrameHeader(view: DataView, at: number, length: number): { width: number; height: number } {
  if (length < 8) throw corrupt('its frame header is too short')
  const components = view.getUint8(at + 7)
  if (length !== 8 + 3 * components || ![1, 3, 4].includes(components)) {
    throw corrupt('it has an odd number of components')
  }
  if (view.getUint8(at + 2) !== 8) throw corrupt('it is not a Huffman-coded 8-bit JPEG')
  const height = view.getUint16(at + 3)
  const width = view.getUint16(at + 5)
  if (width === 0 || height === 0) throw corrupt('it has no width or height')
  return { width, height }
}

/**
 * The place of the next marker. Between segments it is where we are; after a scan header it lies behind the entropy-coded
 * data, in which FF is followed by 00 or by a restart marker.
 */
function findMarker(bytes: Uint8Array, from: number): number {
  // A plain loop: indexOf() is faster on honest files, but ten times slower on one that is all FF.
  const last = bytes.length - 1
  for (let at = from; at < last; at++) {
    if (bytes[at] !== 0xff) continue
    const next = bytes[at + 1]!
    // 00 is a stuffed byte, D0 to D7 are restarts, FF is filling.
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at
  }
  throw corrupt('its end is missing')
}

/** Samsung phones write 0, 0, 0 for the spectral selection of a sequential scan, which has no choice: it is 0, 63, 0 (B.2.3). */
function repairScan(bytes: Uint8Array, at: number, length: number): Repair[] {
  const end = at + length - 3
  return end < at + 3 ? [] : repair(bytes, end, [0, 63, 0])
}

/** A major version of JFIF that does not exist. Decoders read the rest as version 1. */
function repairJfif(bytes: Uint8Array, at: number, length: number): Repair[] {
  const isJfif = length >= 16 && [0x4a, 0x46, 0x49, 0x46, 0].every((byte, i) => bytes[at + 2 + i] === byte)
  return isJfif ? repair(bytes, at + 7, [1]) : []
}

/** A colour transform that Adobe never defined. Decoders take YCbCr for three components and YCCK for four. */
function repairAdobe(bytes: Uint8Array, at: number, length: number, components: number): Repair[] {
  const isAdobe = length >= 14 && [0x41, 0x64, 0x6f, 0x62, 0x65].every((byte, i) => bytes[at + 2 + i] === byte)
  const known = components === 4 ? [0, 2] : [0, 1]
  if (!isAdobe || components === 1 || known.includes(bytes[at + 13]!)) return []
  return repair(bytes, at + 13, known.slice(1))
}

/** @returns what differs from the wanted bytes */
function repair(bytes: Uint8Array, at: number, wanted: readonly number[]): Repair[] {
  return wanted.flatMap((value, i) => (bytes[at + i] === value ? [] : [{ at: at + i, value }]))
}
