import { Inject, Injectable } from '@nestjs/common';
import { actorOf, emailOf, type Role } from '@coldroom/operations';
import { Register, type PersonInGroups, type Recipient, type RequestSummary } from '@coldroom/register';
import { NOTIFIER_SITE, type Site } from './notifier-settings';

const peopleAtOnce = 500;

/** Finds who gets a mail. A person without a usable address is a recipient, too: the outbox says why nothing was sent. */
@Injectable()
export class Recipients {
  constructor(
    private readonly register: Register,
    @Inject(NOTIFIER_SITE) private readonly site: Site,
  ) {}

  /** The requester, and the owner of the data where this is another person. */
  async ofRequest({ requesterId, requester, ownerId, owner }: RequestSummary): Promise<readonly Recipient[]> {
    const people = new Map([
      [requesterId, requester],
      [ownerId, owner],
    ]);
    return Promise.all([...people].map(async ([id, login]) => this.person(id, login)));
  }

  async byLogin(login: string): Promise<Recipient> {
    const person = await this.register.people.byLogin(login);
    return person ? recipientOf(person) : unknown(`login:${login}`, login);
  }

  /** The recipient of an earlier mail, as they are now. `name` is for someone who is gone. */
  async byKey(key: string, name: string | null): Promise<Recipient> {
    const [kind = '', value = ''] = key.split(/:(.*)/s);
    if (kind === 'person') return this.person(BigInt(value), name ?? `OMERO's user ${value}`);
    if (kind === 'login') return this.byLogin(value);
    return { key, name, address: value };
  }

  /** Everyone who has this role now. */
  async having(role: Role): Promise<readonly Recipient[]> {
    const found: Recipient[] = [];
    for (let after = ''; ;) {
      const people = await this.register.people.list({ after, limit: peopleAtOnce });
      found.push(...people.filter((person) => actorOf(person, this.site.roles).roles.includes(role)).map(recipientOf));
      if (people.length < peopleAtOnce) return found;
      after = people.at(-1)?.login ?? after;
    }
  }

  administrators(): readonly Recipient[] {
    return this.site.administrators.map(({ name, address }) => ({ key: `address:${address}`, name, address }));
  }

  async person(id: bigint, login: string): Promise<Recipient> {
    const person = await this.register.people.byId(id);
    return person ? recipientOf(person) : unknown(`person:${id}`, login);
  }
}

function recipientOf({ id, login, fullName, email, active }: PersonInGroups): Recipient {
  const recipient = { key: `person:${id}`, name: fullName.trim() === '' ? login : fullName };
  const none = (code: string, reason: string): Recipient => ({
    ...recipient,
    address: null,
    problem: { code, reason },
  });
  if (!active) return none('MAIL_PERSON_INACTIVE', `${login} is inactive in OMERO`);
  const { address, problem } = emailOf({ email });
  if (address === null) return none('MAIL_ADDRESS_MISSING', `OMERO has no e-mail address of ${login}`);
  if (problem !== null) return none('MAIL_ADDRESS_INVALID', `OMERO has "${address}" as the e-mail address of ${login}`);
  return { ...recipient, address };
}

function unknown(key: string, login: string): Recipient {
  const reason = `${login} is not among OMERO's users as the last scan found them`;
  return { key, name: login, address: null, problem: { code: 'MAIL_PERSON_UNKNOWN', reason } };
}
