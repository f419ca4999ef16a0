import type { RedisOptions } from 'ioredis';

const sentinelPort = 26379;

/**
 * What `REDIS_URL` means for ioredis. With the parameter `sentinels` its host is the name of a group of servers, and the
 * sentinels say which of them is the primary.
 */
export function redisOptions(text: string): RedisOptions & { readonly url?: string } {
  const url = new URL(text);
  const sentinels = url.searchParams.get('sentinels');
  if (sentinels === null) return { url: text };
  const isTls = url.protocol === 'rediss:';
  return {
    name: url.hostname,
    sentinels: sentinels.split(',').map(sentinel),
    db: Number(url.pathname.slice(1) || 0),
    ...given('username', decodeURIComponent(url.username)),
    ...given('password', decodeURIComponent(url.password)),
    ...given('sentinelUsername', url.searchParams.get('sentinelUsername')),
    ...given('sentinelPassword', url.searchParams.get('sentinelPassword')),
    ...(isTls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
  };
}

function sentinel(address: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(`redis://${address}`);
  return { host: hostname.replace(/^\[(.+)\]$/, '$1'), port: Number(port || sentinelPort) };
}

const given = (name: string, value: string | null): Readonly<Record<string, string>> =>
  value ? { [name]: value } : {};
