export { type LocalKafka, type LocalKafkaOptions, startKafka } from './kafka.ts'
export { type LocalRedis, type LocalRedisOptions, startRedis } from './redis.ts'
export { type LocalRedisCluster, startRedisCluster } from './redis-cluster.ts'
