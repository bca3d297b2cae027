import type { AnalysisEvent } from '../shared/events.ts';
import type { Fault } from '../shared/faults.ts';
import type { LoadOptions } from '../workers/api.ts';
import type { AnalyzerClient } from '../workers/client.ts';

/** What the page needs of the worker's client. */
export type Analyzer = Pick<AnalyzerClient, 'load' | 'read' | 'explain' | 'analyzeVideo' | 'requests' | 'dispose'>;

/** @param recover how to load into the next worker when one is lost; null, and where it is left out: not by itself */
export type StartAnalyzer = (onEvent: (event: AnalysisEvent) => void, recover?: (fault: Fault) => LoadOptions | null) => Analyzer;
