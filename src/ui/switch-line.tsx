import { Switch } from 'radix-ui';
import { useId } from 'react';

interface SwitchProps {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}

export function SwitchLine({ label, checked, onChange, describedBy }: SwitchProps & { describedBy?: string }) {
  const id = useId();
  return (
    <label className="switch-line" htmlFor={id}>
      {label}
      <Switch.Root id={id} className="switch" checked={checked} aria-describedby={describedBy} onCheckedChange={onChange}>
        <Switch.Thumb className="switch-thumb" />
      </Switch.Root>
    </label>
  );
}

/** With a sentence below it that says more. */
export function SwitchSetting({ hint, ...line }: SwitchProps & { hint: string }) {
  const hintId = useId();
  return (
    <div className="setting">
      <SwitchLine {...line} describedBy={hintId} />
      <small id={hintId}>{hint}</small>
    </div>
  );
}
