/** The frame: header, the page that the address names, dialogs. Nobody logged in: the login. */
import { useEffect } from 'preact/hooks';
import { address, page, root } from './data/route.ts';
import { isLoggedIn, me } from './data/session.ts';
import { t } from './data/texts.ts';
import { BatchPage } from './pages/batch.tsx';
import { BatchesPage } from './pages/batches.tsx';
import { FilePage } from './pages/file.tsx';
import { LoginPage } from './pages/login.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { QueuesPage } from './pages/queues.tsx';
import { WebhooksPage } from './pages/webhooks.tsx';
import { Dialog, News } from './parts/dialog.tsx';
import { Header } from './parts/header.tsx';
import { Help } from './parts/help.tsx';
import { Empty, Loading } from './parts/states.tsx';

const titles = {
  overview: 'overview',
  batches: 'batches',
  batch: 'batch',
  file: 'file',
  webhooks: 'webhooks',
  queues: 'queues',
  unknown: 'overview',
} as const;

function CurrentPage() {
  const shown = page.value;
  switch (shown.name) {
    case 'overview':
      return <OverviewPage />;
    case 'batches':
      return <BatchesPage />;
    case 'batch':
      return <BatchPage key={shown.id} id={shown.id} />;
    case 'file':
      return <FilePage key={shown.id} id={shown.id} batchId={shown.batchId} />;
    case 'webhooks':
      return <WebhooksPage />;
    case 'queues':
      return <QueuesPage />;
    case 'unknown':
      return (
        <Empty title={t('not_found')}>
          <a href={root}>{t('to_overview')}</a>
        </Empty>
      );
  }
}

export function App() {
  const { path } = address.value;
  useEffect(() => {
    document.title = `${t(titles[page.value.name])} · ${t('app')}`;
  }, [path]);
  if (me.value === undefined) {
    return (
      <main class="alone">
        <Loading />
      </main>
    );
  }
  if (!isLoggedIn.value) return <LoginPage />;
  return (
    <>
      <a class="skip" href="#content">
        {t('skip')}
      </a>
      <Header />
      <main id="content" tabIndex={-1}>
        <CurrentPage />
      </main>
      <Dialog />
      <Help />
      <News />
    </>
  );
}
