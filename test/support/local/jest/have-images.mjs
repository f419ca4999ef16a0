// have-images.mjs IMAGE...: ends with 0 if a Docker engine answers and has these images, pulled if they are missing; else the last
// line of stderr says what is wrong.
import { getContainerRuntimeClient, ImageName } from 'testcontainers';

function fail(reason) {
  console.error(reason);
  process.exit(1);
}

const short = (error) => error.message.split('\n')[0];
const client = await getContainerRuntimeClient().catch((error) => fail(`no Docker engine answers (${short(error)})`));
for (const image of process.argv.slice(2)) {
  const name = ImageName.fromString(image);
  if (!(await client.image.exists(name)))
    await client.image.pull(name).catch((error) => fail(`the image ${image} cannot be pulled (${short(error)})`));
}
process.exit(0);
