import { fileEvents, transitions, type FileEvent, type FileState } from '@coldroom/domain';
import { stageNames, type StageName } from '@coldroom/pipeline';
import { eventOf, stageFiles, wordsOf, type StageFile } from './stage-files';

/** Stages that lead to a state of another name, and why. */
const otherNames: Partial<Record<StageName, readonly FileState[]>> = {
  place: ['restored', 'recalled'], // the two kinds of retrieval end differently, by the same act
  expire: ['linked'], // the file is what it was before the recall

  'move-link': ['linked'], // the file is what it was before the move, in another store
};

/** `verify` and `verified`, `release` and `released`, `undo` and `undone` have the same stem. */
const stemOf = (word: string): string =>
  ({ undone: 'undo' })[word] ?? word.replace(/ied$/, 'y').replace(/ed$/, '').replace(/e$/, '');
const stemsOf = (name: string): readonly string[] => wordsOf(name).map(stemOf);

let files: readonly StageFile[];
beforeAll(async () => {
  files = await stageFiles();
});

const nextStates = ({ stage }: StageFile): readonly FileState[] =>
  transitions[stage.takes][eventOf(stage.name) as FileEvent] ?? [];

test('each stage has a file and a class of its name', () => {
  expect(files.map(({ stage }) => stage.name).sort()).toEqual([...stageNames].sort());
  for (const { file, className, stage } of files)
    expect({ file, words: wordsOf(className) }).toEqual({
      file: `${stage.name}.stage.ts`,
      words: [...wordsOf(stage.name), 'stage'],
    });
});

test('each stage has an event of its name, which leads on from the state that it takes', () => {
  const without = files.filter((each) => nextStates(each).length === 0).map(({ stage }) => stage.name);
  expect(without).toEqual([]);
});

test('each stage shares its words with the state that it leads to', () => {
  for (const each of files) {
    const { name } = each.stage;
    const expected = otherNames[name];
    if (expected) expect({ name, states: nextStates(each) }).toEqual({ name, states: expected });
    else
      for (const state of nextStates(each))
        expect({ name, state, strange: stemsOf(state).filter((stem) => !stemsOf(name).includes(stem)) }).toEqual({
          name,
          state,
          strange: [],
        });
  }
});

test('an event that repeats a stage leads to the state that this stage takes', () => {
  const repeats = fileEvents.filter((event) => event.endsWith('Again'));
  expect(repeats.length).toBeGreaterThan(0);
  for (const event of repeats) {
    const repeated = files.find(({ stage }) => `${eventOf(stage.name)}Again` === event);
    const reached = Object.values(transitions).flatMap((events) => events[event] ?? []);
    expect({ event, reached: [...new Set(reached)] }).toEqual({ event, reached: [repeated?.stage.takes] });
  }
});

test('no event and no stage is listed twice', () => {
  expect([...new Set(fileEvents)]).toEqual(fileEvents);
  expect([...new Set(stageNames)]).toEqual(stageNames);
});
