/** The upstream goes away in every way it can, and comes back. No file may fail for it. */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../arena.ts';
import { readBatch } from '../caller.ts';
import { reasonsOf } from './caller.ts';
import { openTls } from './open-tls.ts';
import type { PlaceOptions } from './place.ts';
import type { Scenario, Stage } from './scenario.ts';

/** Shorter than each outage here: a fault that counted against a file would fail it. */
const impatient = { UPSTREAM_GIVE_UP_MS: '5000' };
/** MAX_IN_FLIGHT: turns that were sent into the outage (design §4 (5)). */
const inFlight = 8;
/** A probe each CREDITS_RECHECK_MS (2 s here), then files whose own back-off (up to 16 s by then) is over. */
const withBackOffMs = 20_000;

/** What every outage of the upstream must look like from outside, while it lasts. */
async function lasts({ place, batchId, faults }: Stage, seconds: number): Promise<void> {
  const from = performance.now();
  await until(
    'files say what they wait for',
    async () => (await reasonsOf(place, batchId)).includes('upstream'),
    60_000,
  );
  await delay(Math.max(0, seconds * 1000 - (performance.now() - from)));
  const { counts } = await readBatch(place, batchId);
  if (counts['failed'] !== 0) faults.push(`${counts['failed']} files failed for it`);
}

interface Way {
  readonly name: string;
  readonly seconds: number;
  readonly isLong?: boolean;
  readonly firstStepMostMs?: number;
  readonly options?: PlaceOptions;
  readonly begin: (stage: Stage) => Promise<unknown>;
  readonly end: (stage: Stage) => Promise<unknown>;
}

const outage = ({ name, seconds, begin, end, options, ...rest }: Way): Scenario => ({
  name: `upstream: ${name}`,
  files: 20,
  api: 'answers',
  mayBeUnconfirmed: inFlight,
  firstStepMostMs: withBackOffMs,
  ...rest,
  options: { ...options, environment: { ...impatient, ...options?.environment } },
  run: async (stage) => {
    await begin(stage);
    await lasts(stage, seconds);
    await end(stage);
    stage.back();
  },
});

const fault = (place: Stage['place'], method: 'POST' | 'DELETE', body?: object): Promise<Response> =>
  fetch(`${place.sandbox.url}/admin/faults`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

const badGateway = (seconds: number, isLong: boolean): Scenario =>
  outage({
    name: `502 for ${seconds} s`,
    seconds,
    isLong,
    firstStepMostMs: isLong ? 5 * 60_000 : withBackOffMs,
    begin: ({ place }) => fault(place, 'POST', { name: 'bad-gateway', times: null }),
    end: ({ place }) => fault(place, 'DELETE'),
  });

/** A name that cannot be resolved until its scenario says so (fake-dns.ts, loaded into the service's processes). */
const unresolved: Scenario = outage({
  name: 'its name does not resolve, 15 s',
  seconds: 15,
  options: {
    prepare: async ({ folder, upstream }) => ({
      NEMO_API_URL: `http://nemo.chaos.test:${upstream.port}`,
      NODE_OPTIONS: `--import ${new URL('fake-dns.ts', import.meta.url).href}`,
      CHAOS_DNS_FILE: `${folder}/no-dns`,
    }),
  },
  begin: async ({ place }) => {
    await place.writeFile('no-dns', '');
    place.upstream.cutAll();
  },
  end: ({ place }) => place.removeFile('no-dns'),
});

const untrusted: Scenario = outage({
  name: 'its certificate is not to be trusted, 15 s',
  seconds: 15,
  options: {
    prepare: async ({ folder, upstream, resources }) => {
      const tls = await openTls(folder, upstream.port);
      resources.add('tls', tls.close);
      return { NEMO_API_URL: `https://127.0.0.1:${tls.port}`, NODE_EXTRA_CA_CERTS: tls.authority };
    },
  },
  begin: async ({ place }) => {
    await place.writeFile('bad-certificate', '');
    place.upstream.cutAll();
  },
  end: ({ place }) => place.removeFile('bad-certificate'),
});

export const upstream: readonly Scenario[] = [
  outage({
    name: 'connection refused, 15 s',
    seconds: 15,
    begin: ({ place }) => place.upstream.refuse(true),
    end: ({ place }) => place.upstream.refuse(false),
  }),
  unresolved,
  untrusted,
  badGateway(20, false),
  badGateway(600, true),
  outage({
    name: 'black hole, 20 s',
    seconds: 20,
    // Calls that left in time hang until their own time-out (30 s) is over.
    firstStepMostMs: 45_000,
    begin: async ({ place }) => place.upstream.swallow(true),
    end: async ({ place }) => {
      place.upstream.swallow(false);
      place.upstream.cutAll();
    },
  }),
  outage({
    name: 'every answer after 60 s, for 2 min',
    seconds: 120,
    isLong: true,
    firstStepMostMs: 90_000,
    // No outage of everybody: uploads, which may take longer, go through meanwhile, and what times out beside them counts
    // against its file (design §5 "Whose fault"). So this is how long a file must be borne with, 30 min by default.
    options: { environment: { UPSTREAM_GIVE_UP_MS: '600000' } },
    begin: ({ place }) => fault(place, 'POST', { name: 'slow', times: null, params: { delayMs: 60_000 } }),
    end: ({ place }) => fault(place, 'DELETE'),
  }),
];
