/** Logging in with an API key. The key goes to the server once and is kept nowhere. */
import { useSignal } from '@preact/signals';
import { RefusedError } from '../data/call.ts';
import { root } from '../data/route.ts';
import { logIn } from '../data/session.ts';
import { language } from '../data/settings.ts';
import { t } from '../data/texts.ts';

export function LoginPage() {
  const key = useSignal('');
  const problem = useSignal<string | null>(null);
  const isBusy = useSignal(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    isBusy.value = true;
    problem.value = null;
    try {
      await logIn(key.value);
    } catch (error) {
      const slow = error instanceof RefusedError && error.status === 429;
      const wrong = error instanceof RefusedError && error.status === 401;
      problem.value = slow ? t('login_slow') : wrong ? t('login_wrong') : t('failed_load');
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <main class="alone">
      <form class="login" onSubmit={(event) => void submit(event)}>
        <img src={`${root}/icon.svg`} alt="" width="44" height="44" />
        <h1>{t('login_title')}</h1>
        <p>{t('login_lead')}</p>
        <label class="field">
          {t('login_key')}
          <input
            type="password"
            name="key"
            autocomplete="current-password"
            required
            autoFocus
            aria-invalid={problem.value !== null}
            aria-describedby="login-problem"
            value={key.value}
            onInput={(event) => (key.value = event.currentTarget.value)}
          />
        </label>
        <p id="login-problem" class="problem" role="alert">
          {problem.value}
        </p>
        <button type="submit" class="primary" disabled={isBusy.value}>
          {t('login_button')}
        </button>
        <button
          type="button"
          class="quiet"
          lang={language.value === 'en' ? 'zh-CN' : 'en'}
          onClick={() => (language.value = language.value === 'en' ? 'zh' : 'en')}
        >
          {language.value === 'en' ? '中文' : 'English'}
        </button>
      </form>
    </main>
  );
}
