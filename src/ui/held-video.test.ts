import { expect, test } from 'vitest';
import { HeldVideo } from './held-video.ts';

/** A video at its twentieth second. */
function setUp() {
  const element = { currentTime: 20 } as HTMLVideoElement;
  const done: string[] = [];
  const video = new HeldVideo({ element, pause: () => done.push('pause'), resume: () => done.push('resume') });
  return { element, done, video };
}

test('a video goes on from the frame that could not be read, also where another worker is lost meanwhile', () => {
  const { element, done, video } = setUp();
  video.hold('v', 19.9);
  element.currentTime = 20.1; // it was told to stand still a little later
  video.hold('v', null);
  video.letGo('v');
  expect(element.currentTime).toBe(19.9);
  expect(done).toEqual(['pause', 'pause', 'resume']);
  video.letGo('v');
  expect(done).toHaveLength(3);
});

test('where all were read it goes on where it stands', () => {
  const { element, done, video } = setUp();
  video.hold('v', null);
  video.letGo('v');
  expect([element.currentTime, done.at(-1)]).toEqual([20, 'resume']);
});

test('who went elsewhere meanwhile is not fetched back', () => {
  const { element, done, video } = setUp();
  video.hold('v', 19.9);
  element.currentTime = 60;
  video.letGo('v');
  expect([element.currentTime, done.at(-1)]).toEqual([60, 'resume']);
});

test('neither a video that was paused meanwhile goes on, nor another one, nor one that was given up', () => {
  for (const playing of [null, 'w']) {
    const { done, video } = setUp();
    video.hold('v', null);
    video.letGo(playing);
    video.letGo('v');
    expect(done).toEqual(['pause']);
  }
  const { done, video } = setUp();
  expect(video.giveUp()).toBe(false);
  video.hold('v', null);
  expect(video.giveUp()).toBe(true);
  expect(video.giveUp()).toBe(false);
  video.letGo('v');
  expect(done).toEqual(['pause']);
});
