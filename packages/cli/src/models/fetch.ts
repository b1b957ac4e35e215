/** fetch that honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY, which Node's own does not before version 24. */

const PROXY_VARIABLES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'] as const

export interface FetchedResponse {
  readonly status: number
  readonly ok: boolean
  readonly headers: { get(name: string): string | null }
  readonly body: AsyncIterable<unknown> | null
}

export async function fetchThroughProxy(
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
): Promise<FetchedResponse> {
  if (!PROXY_VARIABLES.some((name) => (process.env[name] ?? '') !== '')) {
    return (await fetch(url, init)) as unknown as FetchedResponse
  }
  const undici = await import('undici')
  const dispatcher = new undici.EnvHttpProxyAgent()
  return (await undici.fetch(url, { ...init, dispatcher })) as unknown as FetchedResponse
}
