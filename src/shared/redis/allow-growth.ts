/**
 * Lets scripts write while Redis is full (noeviction). Redis refuses a script's first command that may take memory, but
 * none after a write: so a write that takes none goes first. What was accepted must be able to end, and to be recorded
 * (queues and locks too); what takes new work in is not given this, so a full Redis refuses that alone.
 */
import type { Redis } from 'ioredis';

/** Holds for Redis 5 to 7 and Valkey (a script without a shebang); the key never exists, so nothing is deleted. */
const freeWrite = "redis.call('DEL', KEYS[1] .. ':room')\n";

export const allowGrowth = (lua: string): string => freeWrite + lua;

/** For every script that is defined on this connection from now on: those of BullMQ. */
export function allowGrowthFromNowOn(redis: Redis): void {
  const define = redis.defineCommand.bind(redis);
  redis.defineCommand = (name, definition) => define(name, { ...definition, lua: allowGrowth(definition.lua) });
}
