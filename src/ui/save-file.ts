/** Downloads that the page makes itself. */

/** Hands a text or bytes to the browser as a download. */
export function saveFile(content: string | Uint8Array<ArrayBuffer>, name: string, type: string): void {
  saveBlob(new Blob([content], { type }), name);
}

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the data only once it began.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
