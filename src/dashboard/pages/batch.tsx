/** One batch: where its files are and why, what failed and what a retry costs, and what may be done about it. */
import { useEffect } from 'preact/hooks';
import type { BatchDetail } from '../../api/dashboard-wire.ts';
import { listen, whenBack } from '../data/live.ts';
import { address, queryOf, root, setQuery } from '../data/route.ts';
import { t } from '../data/texts.ts';
import { BatchFiles } from '../parts/batch-files.tsx';
import { BatchHead } from '../parts/batch-head.tsx';
import { BatchStory } from '../parts/batch-story.tsx';
import { FilterBar } from '../parts/bar.tsx';
import { Failures } from '../parts/failures.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { useLoaded } from '../parts/use-loaded.ts';

export function BatchPage({ id }: { readonly id: string }) {
  void address.value;
  const { value, failure, reload } = useLoaded<BatchDetail>(`/dashboard/api/batches/${id}`);
  useEffect(() => {
    const stops = [listen('batch', reload), whenBack(reload)];
    return () => stops.forEach((stop) => stop());
  }, [reload]);
  const detail = value.value;
  if (detail === null) {
    return failure.value === null ? <Loading lines={8} /> : <Failure error={failure.value} again={reload} />;
  }
  const { counts } = detail.batch;
  return (
    <>
      <nav class="crumbs" aria-label={t('batches')}>
        <a href={`${root}/batches`}>{t('batches')}</a>
      </nav>
      <BatchHead detail={detail} />
      <Failures detail={detail} />
      <section>
        <FilterBar counts={counts} chosen={queryOf('status')} choose={(status) => setQuery({ status, code: '' })} />
        <BatchFiles id={id} counts={counts} />
      </section>
      <BatchStory detail={detail} />
    </>
  );
}
