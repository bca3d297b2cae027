/** The video export's worker: one export at a time. */
import { expose } from 'comlink';
import type { VideoExportApi } from './api.ts';
import { tellRequests } from './own-requests.ts';
import { planVideo, writeVideo } from './video-writer.ts';

let running = new AbortController();

const api: VideoExportApi = {
  plan: (file, maxSides) => planVideo(file, maxSides),
  write(options, onProgress) {
    running = new AbortController();
    return writeVideo(running.signal, options, onProgress);
  },
  cancel: () => running.abort(),
};

tellRequests();
expose(api);
