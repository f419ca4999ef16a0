import { codeOf, ColdroomError, Transient } from '@coldroom/domain';
import { checkAccess, openRoot, type Root } from '@coldroom/files';

/** The directory of a store, with its marker read again before each use. */
export class MarkedDirectory {
  private root: Root | undefined;

  constructor(
    private readonly store: string,
    private readonly directory: string,
  ) {}

  /** `Transient` `STORE_UNAVAILABLE` where the marker cannot be read, or is lost meanwhile. */
  async here<T>(act: (root: Root) => Promise<T>): Promise<T> {
    try {
      if (this.root) await this.root.check();
      else this.root = await openRoot(this.directory, this.store);
      return await act(this.root);
    } catch (error) {
      if (
        !(error instanceof ColdroomError) ||
        error.code !== 'ROOT_UNAVAILABLE' ||
        error.details['root'] !== this.directory
      )
        throw error;
      throw new Transient(
        'STORE_UNAVAILABLE',
        `The store ${this.store} is unavailable. ${error.message}`,
        { store: this.store, ...error.details },
        { cause: error },
      );
    }
  }
}

export async function checkReadable({ directory }: Root): Promise<void> {
  try {
    await checkAccess(directory, 'read');
  } catch (error) {
    throw new Transient(
      'STORE_DENIED',
      `The store at ${directory} cannot be read (${codeOf(error instanceof Error ? error.cause : error)}); give this service's user the right to read there.`,
      { root: directory },
      { cause: error },
    );
  }
}
