import type { WireError } from '../shared/errors.ts';
import type { Item } from './analysis-state.ts';
import { messages } from './messages.ts';
import { useSession } from './session-context.ts';

interface ErrorAction {
  name: string;
  run: () => void;
}

/** The one way on from an error: what its button says and does. Null without an error. */
export function useErrorAction(error: WireError | null, item: Item | null, onOpenFiles: () => void): ErrorAction | null {
  const { controller, settings, changeSettings } = useSession();
  if (!error) return null;
  switch (error.code) {
    case 'camera-denied':
    case 'camera-in-use':
    case 'camera-failed':
      return { name: messages.actions.tryAgain, run: () => void controller.camera.start(controller.camera.open?.deviceId) };
    case 'camera-none':
      return { name: messages.actions.chooseFile, run: onOpenFiles };
    case 'no-webgpu':
      return {
        name: messages.actions.useWasm,
        run: () => {
          // Else the next visit would begin with the same refusal.
          if (settings.backend === 'webgpu') changeSettings({ backend: 'auto' });
          controller.reload('wasm');
        },
      };
    case 'pack-missing':
    case 'pack-corrupt':
    case 'out-of-memory':
    case 'device-lost':
      return { name: messages.actions.loadAgain, run: () => controller.reload() };
    case 'file-empty':
    case 'file-unreadable':
    case 'file-unsupported':
    case 'picture-broken':
    case 'picture-too-large':
    case 'video-broken':
    case 'video-codec':
      return item
        ? { name: messages.actions.chooseAnother, run: () => controller.replace(item.id, onOpenFiles) }
        : { name: messages.actions.chooseFile, run: onOpenFiles };
    case 'session-broken':
    case 'session-elsewhere':
    case 'session-unkept':
    case 'storage-refused':
    case 'storage-full':
      return null;
    default:
      return item
        ? { name: messages.actions.tryAgain, run: () => controller.retry(item.id) }
        : { name: messages.actions.loadAgain, run: () => controller.reload() };
  }
}
