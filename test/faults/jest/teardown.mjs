import local from '@coldroom/local';

export default function teardown() {
  local.removeServerData(process.env.TEST_POSTGRES_LIKE);
}
