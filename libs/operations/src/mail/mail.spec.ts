import type { Register } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import type { Role } from '../rights/rights';
import { freshRegister } from '../testing/fresh-register';
import { chooseMail, ownMail } from './choice';
import { failedMails } from './failed';

let register: Register;
beforeAll(async () => {
  register = await freshRegister('mail');
  const someone = { fullName: 'Alice', active: true, administrator: false, withheld: [] };
  await register.people.mirror({
    people: [
      { ...someone, id: 7n, login: 'alice', email: ' alice@example.org ' },
      { ...someone, id: 8n, login: 'bob', email: 'bob at example' },
    ],
    groups: [],
    memberships: [],
  });
});
afterAll(() => register.close());

const as = (personId: bigint | null, ...roles: Role[]): Reviewer => ({
  register,
  actor: { name: 'someone', personId, roles, leads: [] },
  policy: { leadersDecide: false, fourEyes: false },
});

test('someone who chose nothing gets mail at once; each choice is kept, for this person only', async () => {
  expect(await ownMail(as(7n))).toEqual({ choice: 'atOnce', address: 'alice@example.org' });
  await chooseMail(as(7n), 'daily');
  await chooseMail(as(7n), 'none');
  expect(await ownMail(as(7n))).toMatchObject({ choice: 'none' });
  expect(await ownMail(as(8n))).toEqual({ choice: 'atOnce', address: null });
  expect(await register.mailChoices.list()).toMatchObject([{ login: 'alice', choice: 'none' }]);
  await chooseMail(as(7n), 'atOnce');
  expect(await register.mailChoices.list()).toEqual([]);
});

test.each(['never', '', undefined, ['daily'], { choice: 'daily' }])('%j is no choice', async (wanted) => {
  await expect(chooseMail(as(7n), wanted)).rejects.toMatchObject({ code: 'MAIL_CHOICE_UNKNOWN' });
});

test('a token gets no mail, and cannot choose', async () => {
  expect(await ownMail(as(null))).toBeNull();
  await expect(chooseMail(as(null), 'daily')).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
});

test('failed mails are for those who may see the system, page by page', async () => {
  await register.mailEvents.queue(
    [1, 2, 3].map((nr) => ({
      reason: `approved:${nr}`,
      template: 'approved',
      facts: {},
      recipient: {
        key: `person:${nr}`,
        name: 'Bob',
        address: null,
        problem: { code: 'MAIL_ADDRESS_INVALID', reason: 'no address' },
      },
    })),
  );
  const admin = as(1n, 'administrator');
  const { mails, next } = await failedMails(admin, { limit: 2 });
  expect(mails.map(({ reason, code }) => `${reason} ${code}`)).toEqual([
    'approved:3 MAIL_ADDRESS_INVALID',
    'approved:2 MAIL_ADDRESS_INVALID',
  ]);
  expect(await failedMails(admin, { limit: 2, before: next! })).toMatchObject({
    mails: [{ reason: 'approved:1' }],
    next: null,
  });
  for (const role of ['researcher', 'leader', 'manager'] as const)
    await expect(failedMails(as(1n, role))).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
});
