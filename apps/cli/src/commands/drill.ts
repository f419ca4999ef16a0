import { drill, type DrillReport, type RestoredDump } from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import { below, counted, formatBytes, formatCount, formatDuration, formatTime, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { withProgress } from '../waiting';

const shown = 20;

export function addDrill(program: CliCommand): void {
  program
    .command('drill')
    .description('rehearse a recovery')
    .command('restore')
    .description(
      'restore the newest backups into databases of their own, examine them, and drop them; nothing that is in use is changed',
    )
    .by()
    .examples('drill restore')
    .runs(async (context, { by }: { readonly by: string }) => {
      const report = await context.register((register) =>
        withProgress(context.out, (show) => drill(context, register, { by, progress: show })),
      );
      return {
        document: documentOf(report),
        lines: linesOf(report),
        exitCode: report.audit.notLooked.length + report.notRestored.length > 0 ? exitCodes.partly : exitCodes.ok,
      };
    });
}

function documentOf({ since, ...report }: DrillReport): unknown {
  const names = (bags: DrillReport['since']['sealed']): object => ({
    count: bags.length,
    files: bags.reduce((sum, { files }) => sum + files, 0),
    bytes: bags.reduce((sum, { bytes }) => sum + bytes, 0n),
    listed: bags.slice(0, shown).map(({ name, store }) => ({ name, store })),
  });
  const ids = (all: readonly bigint[]): object => ({ count: all.length, listed: all.slice(0, shown) });
  return {
    ...report,
    since: {
      requests: ids(since.requests),
      sealed: names(since.sealed),
      linked: since.linked,
      broughtBack: names(since.broughtBack),
      lostRequests: ids(since.lostRequests),
    },
  };
}

function linesOf(report: DrillReport): Lines {
  const { register, migrations, since, audit, leftovers } = report;
  return [
    restoredLine('The register', register),
    migrations.length > 0 && `Its tables were brought to this version: ${migrations.join(', ')}`,
    omeroLine(report),
    '',
    `What the register of ${formatTime(register.at)} does not know:`,
    below([
      `${counted(since.requests.length, 'request')} made since then${list(since.requests)}`,
      `${counted(since.sealed.length, 'bag')} sealed since then, ${bytesOf(since.sealed)}`,
      `${counted(since.linked, 'file')} linked since then`,
    ]),
    since.linked > 0 &&
      `"coldroom rebuild --restored" would add ${counted(since.broughtBack.length, 'bag')} from the stores, ${bytesOf(since.broughtBack)}.`,
    since.lostRequests.length > 0 &&
      `Not in any bag that is linked: ${counted(since.lostRequests.length, 'request')}${list(since.lostRequests)}; their images would have to be marked again.`,
    '',
    auditLines(audit),
    leftovers.length > 0 && `Left by earlier drills, and dropped: ${leftovers.join(', ')}`,
    'The databases of this drill are dropped.',
  ];
}

function omeroLine({ omero, notRestored }: DrillReport): string {
  if (omero) return restoredLine("OMERO's database", omero);
  return notRestored.length === 0
    ? "There is no backup of OMERO's database."
    : `OMERO's database: not looked at: ${notRestored.join(', ')} could fill the disk of the register's server. Set COLDROOM_DRILL_DATABASE_URL to another server`;
}

function restoredLine(what: string, { name, from, bytes, tables, seconds }: RestoredDump): string {
  return `${what}: ${name} (${formatBytes(bytes)}) from ${from} was restored in ${formatDuration(seconds * 1000)}: ${counted(tables, 'table')}`;
}

function auditLines({ looked, findings, notLooked }: DrillReport['audit']): Lines {
  return [
    `An audit of it looked at ${counted(looked['files'] ?? 0, 'file')} and ${counted(looked['images'] ?? 0, 'image')}:`,
    below(
      findings.length === 0
        ? 'nothing differs'
        : findings.map(
            ({ code, total, explained }) =>
              `${code}: ${formatCount(total)}, of which ${formatCount(explained)} are explained by what was archived since then`,
          ),
    ),
    notLooked.map(({ part, reason }) => `Not looked at: ${part}: ${reason}`),
    findings.some(({ total, explained }) => total > explained) &&
      'Others may be there in the register that is in use as well ("coldroom audit"), or come from releases, undos and retrievals since then.',
  ];
}

const bytesOf = (bags: DrillReport['since']['sealed']): string =>
  `${counted(
    bags.reduce((sum, { files }) => sum + files, 0),
    'file',
  )}, ${formatBytes(bags.reduce((sum, { bytes }) => sum + bytes, 0n))}`;

const list = (ids: readonly bigint[]): string =>
  ids.length === 0 ? '' : `: ${ids.slice(0, shown).join(', ')}${ids.length > shown ? ', ...' : ''}`;
