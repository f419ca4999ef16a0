// Ends with 0 if the service in this container is ready.
const { get } = require('node:http');

get({ host: '127.0.0.1', port: process.env.METRICS_PORT, path: '/readyz', timeout: 9000 }, (answer) => {
  answer.pipe(process.stdout);
  answer.on('end', () => process.exit(answer.statusCode === 200 ? 0 : 1));
})
  .on('timeout', function () {
    this.destroy(new Error('no answer within 9 s'));
  })
  .on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
