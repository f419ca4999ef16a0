import type { ServerResponse } from 'node:http';

/** How it misbehaves, until another fault is set. */
export type Fault =
  | 'none'
  | 'silent' // takes the request and never answers
  | 'cut off' // closes the connection in the middle of an answer
  | 'html' // a page of a proxy instead of JSON
  | 'redirect'
  | 'broken' // HTTP 502
  | 'huge'
  | 'csrf' // Django refuses the request as forged
  | 'server away' // OMERO.web is there, OMERO.server is not
  | 'version mismatch';

/** True where the fault has answered, or never will. */
export function misbehaves(fault: Fault, response: ServerResponse): boolean {
  const html = { 'content-type': 'text/html' };
  switch (fault) {
    case 'silent':
      return true;
    case 'cut off':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"data": [');
      setImmediate(() => response.destroy());
      return true;
    case 'html':
      response.writeHead(200, html).end('<html><body>Please sign in to the hospital network</body></html>');
      return true;
    case 'redirect':
      response.writeHead(302, { location: 'http://127.0.0.1:1/elsewhere/' }).end();
      return true;
    case 'broken':
      response.writeHead(502, html).end('<h1>Bad Gateway</h1>');
      return true;
    case 'huge':
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"data": "${'x'.repeat(3_000_000)}"}`);
      return true;
    default:
      return false;
  }
}
