import { legacyPath } from './legacy-path';

test.each([
  [7, '7'],
  [999, '999'],
  [1000, 'Dir-001/1000'],
  [12345, 'Dir-012/12345'],
  [999001, 'Dir-999/999001'],
  [999999, 'Dir-999/999999'],
  [1203999, 'Dir-001/Dir-203/1203999'],
  [1000000000, 'Dir-001/Dir-000/Dir-000/1000000000'],
])('id %i', (id, path) => {
  expect(legacyPath('Pixels', id)).toBe(`Pixels/${path}`);
});
