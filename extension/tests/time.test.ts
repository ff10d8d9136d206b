// Time left, as people read it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { timeLeft, untilNextWords } from "../src/shared/time.ts";

const ENDS = 1_800_000_000;

test("time left is said in hours and minutes, the last minute until the end", () => {
  const said: [number, string][] = [
    [12 * 3600, "12 h"],
    [72 * 60, "1 h 12 min"],
    [3600, "1 h"],
    [3599, "1 h"],
    [4 * 60, "4 min"],
    [1, "1 min"],
    [0, "ended"],
    [-5000, "ended"],
  ];
  for (const [left, words] of said) assert.equal(timeLeft(ENDS, ENDS - left).words, words);
});

test("an end is soon from ten minutes on, pressing from two, and then it has come", () => {
  const urgency = (minutes: number): string => timeLeft(ENDS, ENDS - minutes * 60).urgency;
  assert.deepEqual([11, 10, 3, 2, 1, 0].map(urgency), ["calm", "soon", "soon", "now", "now", "ended"]);
});

test("the words are looked at again when they change, and at the latest after a minute", () => {
  for (const left of [3600, 3599, 61, 60, 0.5]) {
    const wait = untilNextWords(ENDS, ENDS - left);
    assert.ok(wait > 0 && wait <= 60);
    assert.notEqual(timeLeft(ENDS, ENDS - left + wait + 0.01).words, timeLeft(ENDS, ENDS - left).words);
  }
  assert.equal(untilNextWords(ENDS, ENDS), 0);
});
