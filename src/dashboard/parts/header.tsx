/** On every page: where one can go, how things are, whether the figures are fresh, and who is logged in. */
import { connection, lastSeenAt, overview } from '../data/live.ts';
import { second } from '../data/clock.ts';
import { duration } from '../data/format.ts';
import { helpIsOpen } from '../data/keys.ts';
import { page, root } from '../data/route.ts';
import { isAdmin, logOut, me } from '../data/session.ts';
import { language, theme, type Theme } from '../data/settings.ts';
import { t } from '../data/texts.ts';
import { Shape } from './mark.tsx';

const links = [
  { name: 'overview', href: root },
  { name: 'batches', href: `${root}/batches` },
  { name: 'webhooks', href: `${root}/webhooks` },
  { name: 'queues', href: `${root}/queues` },
] as const;

const parts: Readonly<Record<string, string>> = { batch: 'batches', file: 'batches' };

export function Header() {
  const { name } = page.value;
  const current = parts[name] ?? name;
  return (
    <>
      <header class="top">
        <a class="brand" href={root} aria-label={t('app')}>
          <img src={`${root}/icon.svg`} alt="" width="24" height="24" />
          <span>{t('app')}</span>
        </a>
        <nav aria-label={t('menu')}>
          {links.map((link) => (
            <a key={link.name} href={link.href} aria-current={current === link.name ? 'page' : undefined}>
              {t(link.name)}
            </a>
          ))}
        </nav>
        <Health />
        <Connection />
        <Settings />
      </header>
      <Lost />
    </>
  );
}

/** How things are, wherever one is. */
function Health() {
  const alarms = overview.value?.alarms;
  if (alarms === undefined) return <span class="health" />;
  const urgent = alarms.some(({ level }) => level === 'critical');
  const text =
    alarms.length === 0
      ? t('healthy')
      : alarms.length === 1
        ? t('needs_person_1')
        : t('needs_person', { n: alarms.length });
  return (
    <a class={`health ${urgent ? 'bad' : alarms.length > 0 ? 'held' : 'good'}`} href={root} title={text}>
      <Shape tone={urgent ? 'bad' : alarms.length > 0 ? 'held' : 'good'} />
      <span class="long">{text}</span>
      {alarms.length === 0 ? null : (
        <span class="short" aria-hidden="true">
          {alarms.length}
        </span>
      )}
    </a>
  );
}

function Connection() {
  const state = connection.value;
  return state === 'lost' ? null : (
    <span class={`connection ${state}`}>
      <i aria-hidden="true" />
      {t(state)}
    </span>
  );
}

/** The figures stay, and how old they are is said. */
function Lost() {
  if (connection.value !== 'lost') return null;
  void second.value;
  return (
    <div class="lost" role="status">
      <b>{t('lost', { n: duration(Date.now() - lastSeenAt.value) })}</b> {t('lost_detail')}
    </div>
  );
}

const nextTheme: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const themeSigns: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' };

function Settings() {
  const who = me.value;
  const shown = theme.value;
  const themeText = `${t('theme')}: ${t(`theme_${shown}`)}`;
  return (
    <div class="settings">
      <button
        type="button"
        class="quiet"
        onClick={() => (helpIsOpen.value = true)}
        title={t('help')}
        aria-label={t('help')}
      >
        ?
      </button>
      <button
        type="button"
        class="quiet"
        title={themeText}
        aria-label={themeText}
        onClick={() => (theme.value = nextTheme[shown])}
      >
        {themeSigns[shown]}
      </button>
      <button
        type="button"
        class="quiet"
        lang={language.value === 'en' ? 'zh-CN' : 'en'}
        title={t('language')}
        onClick={() => (language.value = language.value === 'en' ? 'zh' : 'en')}
      >
        {language.value === 'en' ? '中文' : 'EN'}
      </button>
      {who === undefined ? null : (
        <span class="who" title={t(`role_${who.role}`)}>
          <bdi>{who.name}</bdi>
          <small>{isAdmin.value ? 'admin' : who.role}</small>
        </span>
      )}
      {who?.needsLogin === true ? (
        <button type="button" class="quiet" onClick={() => void logOut().catch(() => location.reload())}>
          {t('logout')}
        </button>
      ) : null}
    </div>
  );
}
