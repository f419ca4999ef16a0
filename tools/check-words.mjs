// Finds words that are not used here any longer, in all text that is tracked, and names the word to use instead.
// `--count` prints how often each occurs; `-- PATH...` looks in these files and directories only.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

// One line each: a regular expression and the better word. A space stands for any gap, a line break in a comment included.
// With a capital letter in it, a pattern is matched as it is written; without one, in any spelling.
const words = [
  // names of things
  ['way back', 'retrieval'],
  ['wayBack', 'retrieval'],
  ['(ask(s|ed)?|asking|wanted)( (for|it|them|images?|files?))? back', 'request a retrieval'],
  ['br(ing|ings|inging|ought)( \\S+){0,4} near', 'bring online'],
  ['bringNear', 'bringOnline'],
  ['bringBack|putBack|swapBack|swapIn|giv(e|es)Back', 'undoLink, replaceOriginal, replaceLink, releaseClaim'],
  ['dress(es|ed|ing)?', 'set the attributes'],
  ['woken|wakes?( \\S+)? bags?', 'becomes due, dueNow'],
  ['[A-Z]+_AWAY', '…_UNAVAILABLE'],
  ['(ring|room):[a-z]+', 'type:…, scope:…'],
  ['rooms', 'projects'],
  // phrases
  ['drawn in', 'included because they share files'],
  ['held up', 'blocked'],
  ['holds? \\S+ up', 'blocks'],
  ['owed', 'pending'],
  ['any more', 'no longer'],
  ['anew', 'again'],
  ['mend(s|ed|ing)?', 'repair, fix'],
  ['(?<![/\'"@:])nobody(?![\'"@:])', 'no one; say who does it'],
  ['somebody', 'someone; say who: a user, an administrator, another process'],
  ['for ever', 'permanently, indefinitely'],
  ['tell(s|ing)? of', 'report'],
  ['(is|are|was|were|be|been|being) told', 'is reported, is notified'],
  ['tell(s)? (every|each) (difference|one)', 'report every discrepancy'],
  ['against each other', 'compare … with …'],
  ['let(s|ting)?( \\S+){0,2} go on', 'resume'],
  ['go(es)? on as before', 'keeps working as before'],
  ['Go on\\?', 'Continue?'],
  ['(?<!on )demand(s|ed)?', 'require'],
  ['wrong (call|usage)', 'usage error'],
  ['works? on it right now', 'busy'],
  ['works? of ours', 'say which'],
  ['nothing of ours', 'none of the running jobs'],
  ['stand(s|ing)? (at|in|on|there|where|beside|instead|here)', 'is at, is in'],
  ['stood (at|in|on|there|where|beside|instead)', 'was at, was in'],
  ['a (missing|other) stands', 'the original is missing'],
  ['li(e|es) (at|in|on|there|where|beside|below|here|around)', 'is at, is in'],
  ['lay (at|in|on|there|where|beside|below|here|around)', 'was at, was in'],
  ['come(s)? back when', 'resolves once, returns when'],
  ['heeds?', 'follows, respects'],
];

const extensions = ['ts', 'tsx', 'css', 'mts', 'js', 'mjs', 'sql', 'md', 'yaml', 'yml', 'json', 'sh', 'py'];
const exempt = ['package-lock.json', 'CHANGELOG.md', 'tools/check-words.mjs'];

// Between two words: blanks, or the end of a line and the start of the next one in a comment.
const gap = '(?:[ \\t]+|[ \\t]*\\n[ \\t]*(?:(?:\\*|//|--|#|>)[ \\t]*)?)';
const rules = words.map(([pattern, better]) => ({
  pattern,
  better,
  found: new RegExp(`(?<![\\w])(?:${pattern.replaceAll(' ', gap)})(?![\\w])`, /[A-Z]/.test(pattern) ? 'g' : 'gi'),
}));

const args = process.argv.slice(2).filter((arg) => arg !== '--');
const counting = args.includes('--count');
const paths = args.filter((arg) => !arg.startsWith('--'));

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...paths], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => extensions.includes(file.split('.').pop()) && !exempt.includes(file) && existsSync(file));

const hits = files.flatMap((file) => {
  const text = readFileSync(file, 'utf8');
  return rules.flatMap(({ pattern, better, found }) =>
    [...text.matchAll(found)].map((match) => ({
      place: `${file}:${text.slice(0, match.index).split('\n').length}`,
      phrase: match[0].replace(new RegExp(gap, 'g'), ' '),
      pattern,
      better,
    })),
  );
});

if (counting) {
  for (const { pattern } of rules) {
    const count = hits.filter((hit) => hit.pattern === pattern).length;
    if (count > 0) console.log(`${String(count).padStart(5)}  ${pattern}`);
  }
} else for (const { place, phrase, better } of hits) console.error(`${place}  "${phrase}": ${better}`);
console.log(`${hits.length} words to replace in ${files.length} files`);
if (hits.length > 0) process.exitCode = 1;
