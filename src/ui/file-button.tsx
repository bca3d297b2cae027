import { type ReactNode, useRef } from 'react';

interface FileButtonProps {
  accept?: string;
  /** A whole folder is chosen. */
  folder?: boolean;
  disabled?: boolean;
  onFiles: (files: File[]) => void;
  children: ReactNode;
}

/** Opens the browser's own choice of files. */
export function FileButton({ accept, folder = false, disabled = false, onFiles, children }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={(element) => {
          input.current = element;
          if (element) element.webkitdirectory = folder;
        }}
        type="file"
        hidden
        {...(accept !== undefined && { accept })}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          target.value = ''; // the same may be chosen again
          if (files.length > 0) onFiles(files);
        }}
      />
      <button type="button" className="button" disabled={disabled} onClick={() => input.current?.click()}>
        {children}
      </button>
    </>
  );
}
