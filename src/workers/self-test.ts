/** The self-test's worker: runs a pack's goldens where the page's graphs would run. Knows no page. */
import { expose } from 'comlink';
import { EngineFailure } from '../model/graph.ts';
import { checkParity } from '../model/parity.ts';
import { GRAPH_NAMES } from '../shared/labels.ts';
import { fail } from '../shared/result.ts';
import type { SelfTestApi } from './api.ts';
import { openWebRuntime } from './ort-web.ts';
import { tellRequests } from './own-requests.ts';
import { openPack } from './pack-load.ts';

const api: SelfTestApi = {
  async run(options) {
    const opened = await openWebRuntime(options);
    if (!opened.ok) return opened;
    const { graphs, newTokens } = options;
    try {
      return await checkParity(opened.value.runtime, (await openPack(options)).source, {
        ...(graphs === null ? {} : { graphs: GRAPH_NAMES.filter((name) => graphs.includes(name)) }),
        ...(newTokens === null ? {} : { newTokens }),
      });
    } catch (error) {
      if (error instanceof EngineFailure) return fail(error.error);
      throw error;
    }
  },
};

tellRequests();
expose(api);
