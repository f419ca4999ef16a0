import { z } from 'zod';

const reportMail =
  /^(daily|weekly|monthly) (?:(usage)(?: by (group|user|project|dataset|format))?|(candidates)(?: by (age|fileset))?|(archive|integrity|expiry)) to (.+)$/;
/** `weekly usage to a@example.org, b@example.org; monthly candidates by fileset to c@example.org` */
export const reportMails = z.string().transform((text, context) => {
  const orders = text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return orders.flatMap((order) => {
    const [, every, usage, usageRows, candidates, candidateRows, other, to] = reportMail.exec(order) ?? [];
    const addresses = (to ?? '').split(',').map((each) => each.trim());
    if (every !== undefined && addresses.every((each) => /^[^\s@]+@[^\s@]+$/.test(each)))
      return [
        {
          every: every as 'daily' | 'weekly' | 'monthly',
          report: (usage ?? candidates ?? other) as 'usage' | 'candidates' | 'archive' | 'integrity' | 'expiry',
          rows: usageRows ?? candidateRows,
          addresses,
        },
      ];
    context.addIssue({
      code: 'custom',
      message: `must have orders such as "weekly usage by user to a@example.org, b@example.org", separated by semicolons; "${order}" is none`,
    });
    return [];
  });
});
