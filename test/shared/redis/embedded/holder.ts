/** A process that holds an embedded Redis until it is killed: `node holder.ts <dataDir>`. Prints one line a fact. */
import { argv, stdout } from 'node:process';
import { openEmbeddedRedis } from '../../../../src/shared/redis/embedded/open-embedded-redis.ts';
import { silentLog } from '../../../redis-server.ts';

const [, , dataDir = ''] = argv;
const { socketPath } = await openEmbeddedRedis({ dataDir, log: silentLog });
stdout.write(`${socketPath}\n`);
