// Keeps the parts of a page that have `data-part` up to date. Without this script, a page is right when it is loaded.
const main = document.querySelector('main[data-live]');
const stale = document.querySelector('#stale');

const partsOf = (page) => [...page.querySelectorAll('[data-part]')];
/** As the server sent them: what people have typed since does not count. */
const shown = new Map(partsOf(document).map((part) => [part.dataset.part, part.outerHTML]));
let version = main.dataset.version;
let timer;

async function refresh() {
  const response = await fetch(location.href, { redirect: 'manual', headers: { 'X-Coldroom-Live': '1' } });
  if (!response.ok) throw new Error(`The page was answered with ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.querySelector('main').dataset;
  version = fresh.version;
  // A decision is about what was reviewed: it must not become another one between two looks.
  const changed = main.dataset.revision && fresh.revision && main.dataset.revision !== fresh.revision;
  document.querySelector('#changed').hidden = !changed;
  if (changed) return;
  // Free space and times in a form are not worth what someone has chosen and typed there.
  const keepsForms = main.dataset.revision && main.dataset.revision === fresh.revision;
  for (const part of partsOf(page)) {
    const name = part.dataset.part;
    const old = document.querySelector(`[data-part="${name}"]`);
    if (!old || shown.get(name) === part.outerHTML) continue;
    if (keepsForms && old.querySelector('form')) continue;
    shown.set(name, part.outerHTML);
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(document.adoptNode(part));
    if (hadFocus) main.focus();
  }
}

/** Not all open pages at the same moment. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(now, Math.random() * 500);
}

async function now() {
  clearTimeout(timer);
  timer = setTimeout(now, Number(main.dataset.every) * 1000);
  if (document.hidden) return;
  try {
    await refresh();
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
}

const stream = new EventSource(main.dataset.live);
stream.addEventListener('version', ({ data }) => {
  if (data !== version) soon();
});
document.addEventListener('visibilitychange', soon);
timer = setTimeout(now, Number(main.dataset.every) * 1000);
