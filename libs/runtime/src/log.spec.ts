import { Transient } from '@coldroom/domain';
import { Log } from './log';

test('the code of an error is ours, whatever code its details name', () => {
  const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  new Log('a service').error('cannot start', {
    error: new Transient('STORE_UNAVAILABLE', 'The store main cannot be reached.', {
      store: 'main',
      code: 'ECONNRESET',
    }),
  });
  const [line] = written.mock.calls[0]!;
  written.mockRestore();
  expect((JSON.parse(String(line)) as { error: unknown }).error).toEqual({
    code: 'STORE_UNAVAILABLE',
    message: 'The store main cannot be reached.',
    store: 'main',
  });
});
