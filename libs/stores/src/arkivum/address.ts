import { isIP } from 'node:net';
import { isForbidden } from '../forbidden-address';

/** What is wrong with the URL of an appliance, or null. */
export function whyNotAppliance(text: string): string | null {
  if (!URL.canParse(text)) return 'must be a URL such as https://arkivum.example.org:8443';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https:// URL';
  if (url.username !== '' || url.password !== '')
    return 'must hold no user and no password: secrets do not belong into this file';
  if (url.search !== '' || url.hash !== '') return 'must hold nothing behind its path';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && isForbidden(host) ? `names the address ${host}, at which no appliance can be` : null;
}
