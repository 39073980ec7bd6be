/** Entry of the page: follows address, login, clock and keys, then draws. */
import { render } from 'preact';
import { App } from './app.tsx';
import { startClock } from './data/clock.ts';
import { followKeys } from './data/keys.ts';
import { followLive } from './data/live.ts';
import { followLinks } from './data/route.ts';
import { askWhoIAm, followLogin } from './data/session.ts';
import { followSettings } from './data/settings.ts';
import './style/base.css';
import './style/layout.css';
import './style/parts.css';
import './style/pages.css';

followSettings();
followLinks();
followKeys();
followLogin();
followLive();
startClock();
const place = document.querySelector('#app');
if (place !== null) render(<App />, place);

/** The server may just be starting. */
const againMs = 2000;
function begin(): void {
  askWhoIAm().catch(() => setTimeout(begin, againMs));
}
begin();
