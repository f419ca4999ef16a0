import type { RightsPolicy, RoleSettings } from '@coldroom/operations';
import type { StorePrice } from '@coldroom/register';
import { describeSettings, SettingsError, type SettingDescription, type Settings } from '@coldroom/runtime';
import type { OmeroWebSettings } from './sign-in/omero-web';
import type { ProxySettings } from './sign-in/proxy-identity';

export const consoleParts = ['register', 'redis', 'console', 'proxy', 'rights', 'places', 'importsIfAny'] as const;

export const CONSOLE = Symbol('console');

export interface ConsoleSettings {
  readonly registerUrl: string;
  readonly redisUrl: string;
  readonly queuePrefix: string;
  readonly queuesReadOnly: boolean;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly trustedProxies: readonly string[];
  readonly sessionSecret: string;
  readonly sessionIdleMs: number;
  readonly sessionMaxMs: number;
  readonly omeroWeb: OmeroWebSettings;
  /** What OMERO's storage costs; see `StorePrice`. */
  readonly omeroPrice?: StorePrice | undefined;
  /** For browsers: links and thumbnails. */
  readonly omeroWebPublic?: string | undefined;
  /** Set where a proxy signs people in, instead of OMERO.web. */
  readonly proxy?: ProxySettings | undefined;
  readonly roles: RoleSettings;
  readonly policy: RightsPolicy;
  /** How many requests to the API one person, token or address may send in a minute. */
  readonly apiRate: number;
  /** All settings as they are in the environment of this process, without secrets. */
  readonly described: readonly SettingDescription[];
  /** Set where people can order imports here. */
  readonly imports?: { readonly file: string; readonly omeroDataDir: string } | undefined;
  /** What a retrieval can be planned with, where it is known here: free space, and the waits of stores. */
  readonly env: Readonly<Record<'OMERO_DATA_DIR' | 'COLDROOM_STORES', string | undefined>>;
}

export function consoleSettings(from: Settings<(typeof consoleParts)[number]>): ConsoleSettings {
  return {
    registerUrl: from.REGISTER_DATABASE_URL,
    redisUrl: from.REDIS_URL,
    queuePrefix: from.COLDROOM_QUEUE_PREFIX,
    queuesReadOnly: !from.COLDROOM_QUEUES_WRITABLE,
    url: from.COLDROOM_URL,
    host: from.CONSOLE_HOST,
    port: from.CONSOLE_PORT,
    trustedProxies: from.CONSOLE_TRUSTED_PROXIES,
    sessionSecret: from.COLDROOM_SESSION_SECRET,
    sessionIdleMs: from.COLDROOM_SESSION_IDLE,
    sessionMaxMs: from.COLDROOM_SESSION_MAX,
    omeroWebPublic: from.OMERO_WEB_PUBLIC_URL?.replace(/\/*$/, '/'),
    omeroPrice: from.OMERO_PRICE,
    omeroWeb: { url: from.OMERO_WEB_URL, server: from.OMERO_WEB_SERVER },
    proxy: proxySettings(from),
    roles: {
      managers: from.COLDROOM_MANAGERS,
      administrators: from.COLDROOM_ADMINISTRATORS,
      auditors: from.COLDROOM_AUDITORS,
    },
    policy: { leadersDecide: from.COLDROOM_LEADERS_DECIDE, fourEyes: from.COLDROOM_FOUR_EYES },
    apiRate: from.COLDROOM_API_RATE,
    imports: importsIn(from),
    described: describeSettings(),
    env: { OMERO_DATA_DIR: from.OMERO_DATA_DIR, COLDROOM_STORES: from.COLDROOM_STORES },
  };
}

function importsIn(from: Settings<'importsIfAny' | 'places'>): ConsoleSettings['imports'] {
  if (from.COLDROOM_IMPORTS === undefined) return undefined;
  if (from.OMERO_DATA_DIR === undefined)
    throw new SettingsError(['OMERO_DATA_DIR is not set, and COLDROOM_IMPORTS needs it: nothing in it is imported']);
  return { file: from.COLDROOM_IMPORTS, omeroDataDir: from.OMERO_DATA_DIR };
}

function proxySettings(from: Settings<'proxy'>): ProxySettings | undefined {
  if (from.PROXY_USER_HEADER === undefined) return undefined;
  return {
    header: from.PROXY_USER_HEADER,
    addresses: from.PROXY_TRUSTED_ADDRESSES,
    signOutUrl: from.PROXY_SIGN_OUT_URL,
  };
}
