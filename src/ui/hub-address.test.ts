import { expect, it } from 'vitest';
import { hubAddress, hubHost } from './hub-address.ts';

it('takes a mirror over https, or on this machine, and ends it in a slash', () => {
  expect(hubAddress(' https://mirror.example/hub ')).toBe('https://mirror.example/hub/');
  expect(hubAddress('https://mirror.example')).toBe('https://mirror.example/');
  expect(['http://localhost:8080/', 'http://127.0.0.1:1/x', 'http://[::1]:5/'].map(hubAddress)).toEqual([
    'http://localhost:8080/',
    'http://127.0.0.1:1/x/',
    'http://[::1]:5/',
  ]);
});

it('refuses what would be asked in the clear, what carries a password, and what is no address', () => {
  const bad = ['http://mirror.example/', 'http://localhost.evil.example/', 'ftp://mirror.example/', 'javascript:alert(1)', 'mirror', ''];
  const laden = [
    'https://me:secret@mirror.example/',
    'https://me@mirror.example/',
    'https://mirror.example/?token=1',
    'https://mirror.example/#x',
  ];
  expect([...bad, ...laden].map(hubAddress)).toEqual([...bad, ...laden].map(() => null));
});

it('tells the host by its name', () => {
  expect([hubHost('https://mirror.example:8443/hub/'), hubHost('nonsense')]).toEqual(['mirror.example:8443', 'nonsense']);
});
