import { exits, loginError } from './command-errors';

const asked = { account: 'importer', server: 'omero:4064' };
const error = (code: number, message = ''): object => loginError({ code, output: '', message }, asked);

it('says that a session has ended, and not that the server does not answer', () => {
  expect(error(exits.badSessionKey)).toMatchObject({
    kind: 'transient',
    code: 'OMERO_SESSION_ENDED',
    message: expect.stringMatching(/session has ended/),
  });
  expect(error(554 % 256)).toMatchObject({ code: 'OMERO_SERVER_UNAVAILABLE' });
});

it('takes a wrong password for what it is, whatever the exit code', () => {
  expect(error(exits.badSessionKey, 'cannot request password')).toMatchObject({ code: 'OMERO_SIGN_IN_REFUSED' });
});
