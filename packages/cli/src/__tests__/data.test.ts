import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseCsv } from '../evaluate/csv.ts'
import { readCelebaBox, readLabelledData } from '../evaluate/index-file.ts'
import { openScores, type PictureScores, type ScoresHeader, scoreKey } from '../evaluate/scores.ts'
import { temporaryFolder } from './run.ts'

let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
})

async function index(name: string, text: string): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, text)
  return file
}

describe('CSV', () => {
  it('comes back as it was written, whatever the cells hold', () => {
    const cell = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\r', ''))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        (rows, end) => {
          const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
          const text = [['a', 'b', 'c'], ...rows].map((row) => row.map(quote).join(',')).join(end)
          expect(parseCsv(text, 'x').rows.map(({ values }) => [values.a, values.b, values.c])).toEqual(rows)
        },
      ),
    )
  })

  it.each([
    ['', /empty/],
    ['a,a\n1,2', /"a" is there twice/],
    ['a,b\n1,2\n1', /line 3: expected 2 columns but found 1/],
    ['a,b\n"1,2\n3,4', /line 2: a quote is not closed/],
  ])('%j is refused with its line', (text, message) => {
    expect(() => parseCsv(text, 'x.csv')).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }))
    expect(() => parseCsv(text, 'x.csv')).toThrow(message)
  })
})

describe('an index', () => {
  it('gives sets, species, subjects, boxes and every column', async () => {
    const file = await index(
      'good.csv',
      '\uFEFFpath,label,set,attack,subject,face_x,face_y,face_w,face_h,lens\na.jpg,live,s1,,p1,1,2,30,40,wide\nb/c.jpg,Fake,s1,print,,,,,,tele\n',
    )
    const { pictures, columns } = await readLabelledData(file)
    expect(columns).toContain('lens')
    expect(pictures).toEqual([
      expect.objectContaining({
        name: 'a.jpg',
        file: path.join(folder, 'a.jpg'),
        label: 'live',
        set: 's1',
        subject: 'p1',
        box: { x: 1, y: 2, width: 30, height: 40 },
      }),
      expect.objectContaining({ label: 'spoof', species: 'print', columns: expect.objectContaining({ lens: 'tele' }) }),
    ])
    expect(pictures[1]).not.toHaveProperty('box')
    expect(pictures[1]).not.toHaveProperty('subject')
  })

  it.each([
    ['path,kind\na.jpg,live\n', /expected a column "label"; its columns are path, kind/],
    ['path,label\na.jpg,\n', /line 2: expected live or spoof for the label but found ""/],
    // 0 and 1 mean the opposite in the next data set.
    ['path,label\na.jpg,1\n', /line 2: expected live or spoof/],
    ['path,label\n,live\n', /line 2: the path is empty/],
    [
      'path,label,face_x,face_y,face_w,face_h\na.jpg,live,1,2,0,4\n',
      /line 2: expected four numbers with a positive width/,
    ],
    ['path,label,face_x,face_y,face_w,face_h\na.jpg,live,1,2,,4\n', /line 2: expected four numbers/],
    ['path,label\na.jpg,live\na.jpg,spoof\n', /a.jpg is listed both as live and as spoof/],
    ['path,label\n', /lists no pictures/],
  ])('%j is refused with the place', async (text, message) => {
    await expect(readLabelledData(await index('bad.csv', text))).rejects.toThrow(message)
  })

  it('drops a row that names a picture again, and counts it', async () => {
    const { pictures, dropped } = await readLabelledData(
      await index('twice.csv', 'path,label\na.jpg,live\n./a.jpg,live\n'),
    )
    expect([pictures.length, dropped]).toEqual([1, 1])
  })
})

describe('folders', () => {
  it('are live/ and spoof/SPECIES/, one set each', async () => {
    const root = path.join(folder, 'layout')
    for (const name of [
      'kiosk/live/a.jpg',
      'kiosk/spoof/print/b.jpg',
      'kiosk/spoof/c.png',
      'phone/real/d.webp',
      'other/e.jpg',
    ]) {
      await mkdir(path.dirname(path.join(root, name)), { recursive: true })
      await writeFile(path.join(root, name), '')
    }
    const { pictures } = await readLabelledData(root)
    expect(pictures.map(({ name, set, label, species }) => [name, set, label, species])).toEqual([
      ['kiosk/live/a.jpg', 'kiosk', 'live', undefined],
      ['kiosk/spoof/c.png', 'kiosk', 'spoof', undefined],
      ['kiosk/spoof/print/b.jpg', 'kiosk', 'spoof', 'print'],
      ['phone/real/d.webp', 'phone', 'live', undefined],
    ])
    await expect(readLabelledData(path.join(root, 'other'))).rejects.toThrow(/neither live\/ and spoof\//)
    await expect(readLabelledData(path.join(root, 'gone'))).rejects.toThrow(/There is no file or folder/)
  })

  it('may be CelebA-Spoof', async () => {
    const root = path.join(folder, 'celeba')
    const attributes = (type: number, light: number, place: number, spoof: number) => [
      ...new Array(40).fill(0),
      type,
      light,
      place,
      spoof,
    ]
    await mkdir(path.join(root, 'metas/intra_test'), { recursive: true })
    await mkdir(path.join(root, 'Data/test/17/spoof'), { recursive: true })
    await writeFile(
      path.join(root, 'metas/intra_test/test_label.json'),
      JSON.stringify({
        'Data/test/17/live/1.png': attributes(0, 0, 0, 0),
        'Data/test/17/spoof/2.png': attributes(9, 3, 2, 1),
      }),
    )
    await writeFile(path.join(root, 'Data/test/17/spoof/2_BB.txt'), '56 28 112 56 0.99\n')
    const { pictures } = await readLabelledData(root)
    expect(pictures).toEqual([
      expect.objectContaining({ label: 'live', subject: '17', set: 'celeba-spoof-test' }),
      expect.objectContaining({ label: 'spoof', species: 'phone', columns: { light: 'back', place: 'outdoor' } }),
    ])
    expect(await readCelebaBox(pictures[1]!.file, 448, 224)).toEqual({ x: 112, y: 28, width: 224, height: 56 })
    expect(await readCelebaBox(pictures[0]!.file, 448, 224)).toBeUndefined()
    await writeFile(path.join(root, 'Data/test/17/spoof/2_BB.txt'), '')
    await expect(readCelebaBox(pictures[1]!.file, 448, 224)).rejects.toThrow(/2_BB.txt does not hold a box/)
    await writeFile(path.join(root, 'metas/intra_test/test_label.json'), '{"a.png":[1,2,3]}')
    await expect(readLabelledData(root)).rejects.toThrow(/expected 44 integers for a.png/)
  })
})

describe('a score file', () => {
  const header: ScoresHeader = {
    unspoofScores: 1,
    models: { m: { id: 'm', version: '1', sha256: 'x' } },
    boxes: 'detector',
    detector: null,
    crops: 3,
  }
  const row = (name: string, error?: PictureScores['error']): PictureScores => ({
    name,
    perturbation: '',
    models: {},
    timings: { decode: 1, detect: 1 },
    ...(error === undefined ? {} : { error }),
  })

  it('gives back what it holds, without a torn last line and without errors', async () => {
    const file = path.join(folder, 'scores.jsonl')
    const first = await openScores(file, header)
    await first.append(row('a'))
    await first.append(row('b', { code: 'IMAGE_CORRUPT', message: '' }))
    await first.close()
    await writeFile(file, '{"name":"c","pertur', { flag: 'a' })
    const second = await openScores(file, header)
    await second.close()
    expect([...second.known.keys()]).toEqual([scoreKey(row('a'))])
    const third = await openScores(file, header)
    await third.close()
    expect(third.known.size).toBe(1)
  })

  it('of other models or settings is not mixed in', async () => {
    const file = path.join(folder, 'other.jsonl')
    await (await openScores(file, header)).close()
    await expect(openScores(file, { ...header, crops: 1 })).rejects.toThrow(/other models or settings/)
  })
})
