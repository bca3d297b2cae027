import type { ComponentProps } from 'react';

type IconButtonProps = Omit<ComponentProps<'button'>, 'type' | 'className' | 'title' | 'aria-label'> & { name: string };

/** A button that shows nothing but a picture: its name is read out, and shown where the pointer rests. */
export function IconButton({ name, ...button }: IconButtonProps) {
  return <button type="button" className="icon-button" aria-label={name} title={name} {...button} />;
}
