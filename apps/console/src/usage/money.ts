import type { YearlyCost } from '@coldroom/operations';

/** `EUR 1,234`; cents only where they are most of it. */
export function formatCost({ amount, currency }: YearlyCost): string {
  const digits = amount < 100 ? 2 : 0;
  return `${currency} ${amount.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}
