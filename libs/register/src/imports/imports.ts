import type pg from 'pg';
import { advance, type ImportStep } from './advance';
import { ImportAnnotations } from './import-annotations';
import { ImportAttempts } from './attempts';
import { ImportFiles } from './files';
import { ImportLooks } from './import-looks';
import { ImportSources } from './import-sources';
import { ImportMails } from './import-mails';
import { ImportMarks } from './import-marks';
import { ImportFilesets } from './filesets';
import { ImportClaims, type ImportClaim } from './import-claims';
import { ImportPreviews } from './import-previews';
import { ImportReports } from './import-reports';
import { ImportsInPlace } from './in-place';
import { ImportOrders } from './orders';
import { Pulls } from './pulls';
import { Unimported } from './unimported';
import { UploadFiles } from './upload-files';
import { Uploads } from './uploads';
import { WatchedSources } from './watched';
import { ImportSteering } from './steer';

/** The record of what is to be imported, and of every attempt to do so. */
export class Imports {
  readonly orders: ImportOrders;
  readonly claims: ImportClaims;
  readonly files: ImportFiles;
  readonly filesets: ImportFilesets;
  readonly attempts: ImportAttempts;
  readonly looks: ImportLooks;
  readonly sources: ImportSources;
  readonly annotations: ImportAnnotations;
  readonly inPlace: ImportsInPlace;
  readonly marks: ImportMarks;
  readonly mails: ImportMails;
  readonly watched: WatchedSources;
  readonly pulls: Pulls;
  readonly unimported: Unimported;
  readonly uploads: Uploads;
  readonly uploadFiles: UploadFiles;
  readonly reports: ImportReports;
  readonly previews: ImportPreviews;
  readonly steering: ImportSteering;

  constructor(private readonly pool: pg.Pool) {
    this.orders = new ImportOrders(pool);
    this.claims = new ImportClaims(pool);
    this.files = new ImportFiles(pool);
    this.filesets = new ImportFilesets(pool);
    this.attempts = new ImportAttempts(pool);
    this.looks = new ImportLooks(pool);
    this.sources = new ImportSources(pool);
    this.annotations = new ImportAnnotations(pool);
    this.inPlace = new ImportsInPlace(pool);
    this.marks = new ImportMarks(pool);
    this.mails = new ImportMails(pool);
    this.watched = new WatchedSources(pool);
    this.pulls = new Pulls(pool);
    this.unimported = new Unimported(pool);
    this.uploads = new Uploads(pool);
    this.uploadFiles = new UploadFiles(pool);
    this.reports = new ImportReports(pool);
    this.previews = new ImportPreviews(pool);
    this.steering = new ImportSteering(pool);
  }

  /** See `advance`. */
  async advance(claim: ImportClaim, step: ImportStep): Promise<void> {
    return advance(this.pool, claim, step);
  }
}
