/** The video export's worker: one export at a time. */
import { expose } from 'comlink';
import type { VideoExportApi } from './api.ts';
import { tellRequests } from './own-requests.ts';
import { PulseSender } from './pulse.ts';
import { VideoPulse } from './video-pulse.ts';
import { planVideo, writeVideo } from './video-writer.ts';

let running = new AbortController();
const pulse = new PulseSender();
const video = new VideoPulse(pulse);

const api: VideoExportApi = {
  watch: (port) => pulse.begin(port),
  plan: (file, maxSides) => video.during(() => planVideo(file, maxSides)),
  write(options, onProgress) {
    running = new AbortController();
    return video.during(() => writeVideo(running.signal, options, { onProgress, onStep: video.step, onClosing: video.closing }));
  },
  cancel: () => running.abort(),
};

tellRequests();
expose(api);
