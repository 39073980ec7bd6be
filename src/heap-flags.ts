/**
 * How Node is started for the service, in MB. Left alone, V8 lets rubbish lie until the heap is several times what is in
 * use: a ZIP of 50,000 files grew the process by 140 MB, a bare loop of undici over as many requests does the same. A
 * limit of 1 GB makes it collect when the heap has grown by half. That made it collect often, so the young generation is
 * large enough for what 200 files at work throw away: with 8 MB a file cost the worker 10 ms of CPU, with 32 MB 8 ms. Node has
 * to be given them at its start: npm's scripts and the Dockerfile repeat them, a test compares.
 */
export const heapFlags = ['--max-semi-space-size=32', '--max-old-space-size=1024'] as const;
