export { fileHistory, filesPage } from './files';
export { me, ownMail } from './me';
export { peoplePage, tokensList } from './people';
export { request, requestsPage, review } from './requests';
export { retrievalAnswer, retrievalCancelled, retrievalReview, retrievalsPage } from './retrievals';
export { eventsPage, lastScan, overview, resumed, scan, scanRequested, status, stoppedList, stuckList } from './status';
export { storesList } from './stores';
export { usageDays, usageFigures } from './usage';
export { problem } from './values';
