/** Times that go on: each draws itself alone, once a second. */
import { second, serverNow } from '../data/clock.ts';
import { duration, time } from '../data/format.ts';

/** How long ago it was, by the server's clock; the exact time is its title. */
export function Ago({ at }: { readonly at: number | string }) {
  void second.value;
  return (
    <time dateTime={new Date(at).toISOString()} title={time(at)}>
      {duration(serverNow() - new Date(at).getTime())}
    </time>
  );
}

export function Countdown({ until }: { readonly until: number | string }) {
  void second.value;
  return <span class="figure">{duration(new Date(until).getTime() - serverNow())}</span>;
}
