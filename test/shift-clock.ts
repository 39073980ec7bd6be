/**
 * Loaded before a process of the service: its wall clock is CLOCK_SHIFT_MS off, and as much as each message says from
 * then on. The monotonic clock stays, as it does when an operator or NTP sets the time.
 */
let shiftMs = Number(process.env['CLOCK_SHIFT_MS'] ?? 0);
const RealDate = Date;
const now = (): number => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget): object =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, key, receiver): unknown => (key === 'now' ? now : Reflect.get(target, key, receiver)),
});

process.on('message', (message) => {
  shiftMs = Number(message);
});
// Listening for messages is no reason to stay.
process.channel?.unref();
