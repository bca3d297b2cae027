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
import { PulseSender } from './pulse.ts';

const pulse = new PulseSender();

const api: SelfTestApi = {
  watch: (port) => pulse.begin(port),
  async run(options) {
    // Graphs come and go, and onnxruntime gives its device up with the last of them: a loss tells nothing here.
    const opened = await openWebRuntime(options, { onWork: pulse.work, onDeviceLost: () => {} });
    if (!opened.ok) return opened;
    const { graphs, newTokens } = options;
    try {
      const pack = await openPack(options);
      void pack.written(); // all the while: nothing here is in a hurry
      return await checkParity(opened.value.runtime, pack.source, {
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
