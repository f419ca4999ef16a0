// Drills race against leases of two seconds. On a machine that stands still for longer one may be lost; it is shown, and run once more.
jest.retryTimes(1, { logErrorsBeforeRetry: true });
