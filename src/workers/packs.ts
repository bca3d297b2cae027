/** The packs' worker: the one thread that talks to another host. It gets no picture. */
import { expose } from 'comlink';
import { tellRequests } from './own-requests.ts';
import { PackKeeper } from './pack-keeper.ts';

expose(new PackKeeper());
tellRequests();
