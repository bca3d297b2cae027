/** Keeps the browser from opening a dropped file in place of the page: before the page takes files, and wherever it takes none. */

/** Once, as early as can be; whoever takes files hears of them all the same. */
export function guardDrops(page: EventTarget): void {
  const refuse = (event: Event): void => {
    // Text may be dropped into a field.
    if ((event as DragEvent).dataTransfer?.types.includes('Files')) event.preventDefault();
  };
  page.addEventListener('dragover', refuse);
  page.addEventListener('drop', refuse);
}
