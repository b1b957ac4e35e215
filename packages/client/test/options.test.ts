/** Options that cannot work are refused at creation, in one sentence. */
import { expect, test } from 'vitest'
import { createLivenessClient } from '../src/index.ts'

const baseUrl = 'http://127.0.0.1:8080'

test.each([
  ['nothing', undefined, /options/],
  ['no baseUrl', {}, /http:\/\/.*baseUrl.*undefined/],
  ['a misspelt baseUrl', { baseURL: baseUrl }, /did you mean "baseUrl"/],
  ['a baseUrl without scheme', { baseUrl: 'localhost:8080' }, /http:\/\/.*baseUrl/],
  ['another scheme', { baseUrl: new URL('ftp://localhost') }, /http:\/\/.*baseUrl/],
  ['a negative time', { baseUrl, timeoutMs: -1 }, /from 10 to 600000 for timeoutMs but received -1/],
  ['a time as text', { baseUrl, timeoutMs: '100' }, /timeoutMs/],
  ['an empty key', { baseUrl, backendKey: '' }, /backendKey/],
  ['a key with a line break', { baseUrl, backendKey: 'a\nb' }, /backendKey/],
  ['a fetch that is none', { baseUrl, fetch: 1 }, /fetch/],
])('refuses %s', (_, options, sentence) => {
  expect(() => createLivenessClient(options as never)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(sentence) }),
  )
})

test('takes a URL, and options that are undefined', () => {
  const options = { baseUrl: new URL(baseUrl), timeoutMs: undefined, fetch: undefined, backendKey: undefined }
  expect(createLivenessClient(options as never)).toHaveProperty('check')
})
