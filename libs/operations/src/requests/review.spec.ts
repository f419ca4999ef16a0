import type { NewRequest, Register } from '@coldroom/register';
import { may, relationsTo, roles, type Actor, type Role } from '../rights/rights';
import { freshRegister } from '../testing/fresh-register';
import { requestsFor } from './review';

let register: Register;
beforeAll(async () => {
  register = await freshRegister('review');
  for (const ownerId of [4n, 5n, 6n])
    for (const requesterId of [4n, 5n, 6n])
      for (const groupId of [1n, 2n])
        await register.requests.create(whose({ ownerId, requesterId, groupId }), empty, 'test');
});
afterAll(() => register.close());

const empty = { images: none(), files: none() };
async function* none(): AsyncGenerator<never> {
  // nothing belongs to these requests
}

const whose = (ids: Pick<NewRequest, 'ownerId' | 'requesterId' | 'groupId'>): NewRequest => ({
  ...ids,
  owner: `user${ids.ownerId}`,
  requester: `user${ids.requesterId}`,
  group: `lab${ids.groupId}`,
});

const roleSets = Array.from({ length: 2 ** roles.length }, (_, bits): readonly Role[] =>
  roles.filter((_role, at) => bits & (1 << at)),
);

it.each(roleSets.map((set) => [set.join(', ') || 'no role', set] as const))(
  'the list shows %s exactly the requests that they may see',
  async (_name, granted) => {
    const policy = { leadersDecide: true, fourEyes: false };
    const all = await register.requests.list();
    expect(all).toHaveLength(18);
    for (const personId of [5n, 7n, null])
      for (const leads of [[], [2n], [1n, 2n], [9n]]) {
        const actor: Actor = { name: 'x', personId, roles: granted, leads };
        const seen = await requestsFor({ register, actor, policy });
        const permitted = all
          .filter((request) => may(granted, 'see', relationsTo(actor, request), policy))
          .map((request) => ({ ...request, requesterName: request.requester }));
        expect(seen).toEqual(permitted);
        expect(await requestsFor({ register, actor, policy }, {}, { after: 10n, limit: 3 })).toEqual(
          permitted.filter(({ id }) => id < 10n).slice(0, 3),
        );
      }
  },
);
