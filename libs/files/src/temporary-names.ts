/** Names that programs give to files which they are still writing: rsync, WinSCP, FileZilla, browsers, and others. */
const temporary = /\.(part|partial|filepart|crdownload|tmp|temp|swp|~tmp~)$|^\.~tmp~$|^\..+\.[A-Za-z0-9]{6}$|^~\$/;

/** Whether a name, not a path, is that of a file which is still being written. */
export function isTemporaryName(name: Buffer): boolean {
  return temporary.test(name.toString('latin1'));
}
