import { ColdroomError } from '@coldroom/domain';
import { EndOfBatch } from './failures';
import { Tree } from './tree';

/** The roots that one batch uses, each opened and checked once. */
export class Trees {
  private readonly open = new Map<string, Tree>();

  /** A root that is unavailable ends the whole batch: any result for its files would be false. */
  at(root: string): Tree {
    const known = this.open.get(root);
    if (known) return known;
    try {
      const tree = new Tree(root);
      this.open.set(root, tree);
      return tree;
    } catch (error) {
      throw error instanceof ColdroomError ? new EndOfBatch(error) : error;
    }
  }

  close(): void {
    for (const tree of this.open.values()) tree.close();
    this.open.clear();
  }
}
