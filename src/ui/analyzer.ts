import type { AnalysisEvent } from '../shared/events.ts';
import type { AnalyzerClient } from '../workers/client.ts';

/** What the page needs of the worker's client. */
export type Analyzer = Pick<AnalyzerClient, 'load' | 'read' | 'explain' | 'analyzeVideo' | 'requests' | 'dispose'>;

export type StartAnalyzer = (onEvent: (event: AnalysisEvent) => void) => Analyzer;
