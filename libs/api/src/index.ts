export { fileHistory, filesPage } from './files';
export { peoplePage, tokensList } from './people';
export { request, requestsPage, review } from './requests';
export { retrievalAnswer, retrievalCancelled, retrievalReview, retrievalsPage } from './retrievals';
export { storesList } from './stores';
export { usageDays, usageFigures } from './usage';
export { problem } from './values';
