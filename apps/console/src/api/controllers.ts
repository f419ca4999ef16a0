import { AuditApi } from './audit.api';
import { FilesApi } from './files.api';
import { ImagesApi } from './images.api';
import { ImportsApi } from './imports.api';
import { MeApi } from './me.api';
import { PeopleApi } from './people.api';
import { ReportsApi } from './reports.api';
import { RequestsApi } from './requests.api';
import { RetrievalsApi } from './retrievals.api';
import { StatusApi } from './status.api';
import { StoresApi } from './stores.api';
import { SystemApi } from './system.api';
import { UsageApi } from './usage.api';

/** The REST API. Each method has `@Answers`; docs/openapi.json and answers.spec.ts have each operation. */
export const apiControllers = [
  RequestsApi,
  FilesApi,
  RetrievalsApi,
  ImportsApi,
  PeopleApi,
  StoresApi,
  AuditApi,
  SystemApi,
  UsageApi,
  ReportsApi,
  StatusApi,
  MeApi,
  ImagesApi,
];
