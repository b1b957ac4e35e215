/** `@unspoof/session/redis`: the store for several processes. */
export { createRedisStore, REDIS_STORE_DEFAULTS, type RedisClient, type RedisStoreOptions } from './store/redis.ts'
