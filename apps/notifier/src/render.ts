import { codeOf, messageOf } from '@coldroom/domain';
import { Templates, type Rendered } from '@coldroom/mail';
import type { Facts } from '@coldroom/register';
import type { Log } from '@coldroom/runtime';

/** A template of the site that cannot be used must not stop mail: ours is used then. */
export async function rendered(
  templates: Templates,
  { template, facts }: { readonly template: string; readonly facts: Facts },
  log: Log,
): Promise<Rendered> {
  try {
    return await templates.render(template, facts);
  } catch (error) {
    if (codeOf(error) !== 'MAIL_TEMPLATE_INVALID') throw error;
    log.error('template not used', {
      code: codeOf(error),
      reason: messageOf(error),
      next: "correct it; Coldroom's own template was used",
    });
    return templates.ours().render(template, facts);
  }
}
