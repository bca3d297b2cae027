/** The packs' worker: the one thread that talks to another host. It gets no picture. */
import { expose } from 'comlink';
import type { PacksWorkerApi } from './api.ts';
import { tellRequests } from './own-requests.ts';
import { PackKeeper } from './pack-keeper.ts';
import { PulseSender } from './pulse.ts';

const pulse = new PulseSender();
const api: PacksWorkerApi = Object.assign(new PackKeeper(), { watch: (port: MessagePort) => pulse.begin(port) });

expose(api);
tellRequests();
