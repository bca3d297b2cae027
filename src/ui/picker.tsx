import { Check, ChevronDown } from 'lucide-react';
import { Select } from 'radix-ui';
import { isLetter } from './use-shortcuts.ts';

interface PickerProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; name: string; hint?: string }[];
  onChange: (value: T) => void;
}

/** A combobox with an accessible name; hints are shown in the open list only. */
export function Picker<T extends string>({ label, value, options, onChange }: PickerProps<T>) {
  const choose = (next: string) => {
    const option = options.find((each) => each.value === next);
    if (option) onChange(option.value);
  };
  return (
    <Select.Root value={value} onValueChange={choose}>
      <Select.Trigger
        className="picker"
        aria-label={label}
        // While it is closed, letters are the page's shortcuts: Radix would choose by them.
        onKeyDown={(event) => {
          if (isLetter(event.key)) event.preventDefault();
        }}
      >
        <span className="picker-label" aria-hidden="true">
          {label}
        </span>
        <span className="picker-value">
          <Select.Value />
        </span>
        <ChevronDown size={15} aria-hidden="true" />
      </Select.Trigger>
      <Select.Portal>
        <Select.Content className="menu" position="popper" sideOffset={6} collisionPadding={8}>
          <Select.Viewport>
            {options.map((option) => (
              <Select.Item key={option.value} value={option.value} className="menu-item">
                <span>
                  <Select.ItemText>{option.name}</Select.ItemText>
                  {option.hint && <small>{option.hint}</small>}
                </span>
                <Select.ItemIndicator>
                  <Check size={15} aria-hidden="true" />
                </Select.ItemIndicator>
              </Select.Item>
            ))}
          </Select.Viewport>
        </Select.Content>
      </Select.Portal>
    </Select.Root>
  );
}
