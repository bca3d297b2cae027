/** Every format by its kind: what files it makes, and how they are called. */
import { bidsDataset } from './bids.ts';
import { explanationsCsv, readingsCsv } from './csv.ts';
import { elanSidecar, elanText } from './elan.ts';
import { fexCsv, fexSidecar } from './fex.ts';
import { exportFileName, itemFileNames } from './file-name.ts';
import { sessionJson } from './json.ts';
import type { ExportKind } from './kinds.ts';
import { openfaceCsv, openfaceSidecar } from './openface.ts';
import { reportHtml } from './report.ts';
import type { Session, SessionItem } from './session.ts';
import { captionsVtt, metadataVtt } from './webvtt.ts';

export interface ExportFile {
  /** Relative to where the export goes, with `/` where a format wants folders. */
  path: string;
  text: string;
  /** Media type. */
  type: string;
}

const JSON_TYPE = 'application/json';
const CSV_TYPE = 'text/csv';

/**
 * The export's files: one, or several that belong together (a table and the JSON that says what made it; a file an
 * input; a BIDS dataset).
 */
export function exportFiles(session: Session, kind: ExportKind, at: Date): ExportFile[] {
  const named = (extension: string) => exportFileName(session, extension, at);
  const perItem = (extension: string, type: string, text: (item: SessionItem) => string): ExportFile[] => {
    const paths = itemFileNames(session, extension, at);
    return session.items.map((item, index) => ({ path: paths[index] ?? named(extension), text: text(item), type }));
  };
  switch (kind) {
    case 'json':
      return [{ path: named('json'), text: sessionJson(session, { at }), type: JSON_TYPE }];
    case 'readings-csv':
      return [{ path: named('readings.csv'), text: readingsCsv(session), type: CSV_TYPE }];
    case 'explanations-csv':
      return [{ path: named('explanations.csv'), text: explanationsCsv(session), type: CSV_TYPE }];
    case 'fex':
      return [
        { path: named('fex.csv'), text: fexCsv(session), type: CSV_TYPE },
        { path: named('fex.json'), text: fexSidecar(session, at), type: JSON_TYPE },
      ];
    case 'openface':
      return [
        ...perItem('openface.csv', CSV_TYPE, (item) => openfaceCsv(session, item)),
        ...perItem('openface.json', JSON_TYPE, (item) => openfaceSidecar({ ...session, items: [item] }, at)),
      ];
    case 'bids':
      return bidsDataset(session, at).map(({ path, text }) => ({ path, text, type: 'text/plain' }));
    case 'vtt':
      return perItem('captions.vtt', 'text/vtt', (item) => captionsVtt(session, item, at));
    case 'vtt-metadata':
      return perItem('metadata.vtt', 'text/vtt', (item) => metadataVtt(session, item, at));
    case 'elan':
      return [
        ...perItem('elan.txt', 'text/plain', (item) => elanText(item)),
        ...perItem('elan.json', JSON_TYPE, (item) => elanSidecar({ ...session, items: [item] }, at)),
      ];
    case 'html':
      return [{ path: named('html'), text: reportHtml(session, at), type: 'text/html' }];
  }
}

/** What to call an archive of a kind's files. */
export function archiveName(session: Session, kind: ExportKind, at: Date): string {
  return exportFileName(session, `${kind}.zip`, at);
}
