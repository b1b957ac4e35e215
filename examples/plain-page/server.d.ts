export function createPageServer(): import('node:http').Server
