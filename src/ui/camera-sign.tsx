import { useEffect, useState } from 'react';
import { type CameraDevice, listCameras, onCamerasChanged } from '../media/camera.ts';
import { usePageHidden } from './hooks.ts';
import { messages } from './messages.ts';
import { Picker } from './picker.tsx';
import { useAppState, useSession } from './session-context.ts';

/** The camera light's twin: says whether frames are analysed. Beside it, which camera. */
export function CameraSign() {
  const { controller } = useSession();
  const camera = useAppState((state) => state.camera);
  const paused = useAppState((state) => state.paused);
  const hidden = usePageHidden();
  const analysing = camera === 'on' && !paused && !hidden;
  const devices = useCameras(camera === 'on');
  useEffect(() => {
    document.title = analysing ? `● ${messages.name}` : messages.name;
    return () => {
      document.title = messages.name;
    };
  }, [analysing]);
  if (camera !== 'on') return null;
  const text = hidden ? messages.analysingHidden : paused ? messages.cameraPaused : messages.analysing;
  return (
    <div className="camera-sign" data-analysing={analysing}>
      <span className="camera-light" aria-hidden="true" />
      <span>{text}</span>
      {devices.length > 1 && (
        <Picker
          label={messages.cameraDevice}
          value={controller.camera.open?.deviceId ?? ''}
          options={devices.map((device) => ({ value: device.id, name: device.label }))}
          onChange={(deviceId) => void controller.camera.start(deviceId)}
        />
      )}
    </div>
  );
}

/** Names are known only once a camera is on. */
function useCameras(on: boolean): CameraDevice[] {
  const [devices, setDevices] = useState<CameraDevice[]>([]);
  useEffect(() => {
    if (!on) return;
    let current = true;
    void listCameras().then((found) => current && setDevices(found));
    const stop = onCamerasChanged(setDevices);
    return () => {
      current = false;
      stop();
    };
  }, [on]);
  return devices.filter((device) => device.id !== '');
}
