import { isIP } from 'node:net';

/** Whether this is an IP address, or a network such as `10.1.0.0/16`. A network of all addresses is none. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  if (bits === undefined) return true;
  return /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Whether the parameter `sentinels`, if there is one, can be read. */
export const namesSentinels = (text: string): boolean =>
  !URL.canParse(text) ||
  (new URL(text).searchParams.get('sentinels') ?? 'none')
    .split(',')
    .every((address) => /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(address));
