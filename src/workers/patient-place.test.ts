import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MemoryPlace } from './memory-place.ts';
import { patientPlace } from './patient-place.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = <T>(): Promise<T> => new Promise(() => {});

it('gives what the place gives, and what it rejects with', async () => {
  const memory = new MemoryPlace();
  const place = patientPlace(memory);
  await place.writeText('folder', 'note', 'words');
  expect(await place.readText('folder', 'note')).toBe('words');
  expect(await memory.readText('folder', 'note')).toBe('words');
  vi.spyOn(memory, 'writeChunk').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
  await expect(place.writeChunk('folder', 'file', 0, new Uint8Array(1))).rejects.toThrow('full');
  expect(vi.getTimerCount()).toBe(0);
});

it('rejects what was not answered in time; a large file may take longer than a small one', async () => {
  const memory = new MemoryPlace();
  vi.spyOn(memory, 'writeText').mockImplementation(never);
  vi.spyOn(memory, 'readFile').mockImplementation(never);
  const place = patientPlace(memory, 1000);
  const ends: string[] = [];
  const told = (what: string) => (error: Error) => void ends.push(`${what}: ${error.name}`);
  void place.writeText('folder', 'note', 'words').catch(told('note'));
  void place.readFile('folder', 'file', 5_000_000).catch(told('file'));
  await vi.advanceTimersByTimeAsync(999);
  expect(ends).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(ends).toEqual(['note: TimeoutError']);
  await vi.advanceTimersByTimeAsync(5000);
  expect(ends).toEqual(['note: TimeoutError', 'file: TimeoutError']);
});
