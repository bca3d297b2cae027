/** What comes before the page: the record of what it asks for, and its language, for the modules of the page hold strings. */
import './theme.css';
import { chooseLanguage, languageInAddress } from './language.ts';
import { keepRecord } from './request-record.ts';
import { loadSettings } from './settings.ts';
import { speak } from './speech.ts';

keepRecord();

async function start(): Promise<void> {
  const choice = languageInAddress(location.search) ?? loadSettings().language;
  await speak(chooseLanguage(choice, navigator.languages));
  await import('./main.tsx');
}

// Not awaited: the page's chunk imports this one, and would wait for it as this one for the page.
void start();
