/** What comes before the page: no dropped file replaces it, the record of what it asks for, and its language, for its modules hold strings. */
import './theme.css';
import { guardDrops } from './drop-guard.ts';
import { chooseLanguage, languageInAddress } from './language.ts';
import { keepRecord } from './request-record.ts';
import { loadSettings } from './settings.ts';
import { clearIfAsked } from './site-data.ts';
import { speak } from './speech.ts';
import { trustOwnScripts } from './trusted-types.ts';

trustOwnScripts();
guardDrops(window);
keepRecord();

async function start(): Promise<void> {
  await clearIfAsked();
  const choice = languageInAddress(location.search) ?? loadSettings().language;
  await speak(chooseLanguage(choice, navigator.languages));
  await import('./main.tsx');
}

// Not awaited: the page's chunk imports this one, and would wait for it as this one for the page.
void start();
