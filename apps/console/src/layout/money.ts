import type { StorePrice } from '@coldroom/register';

/** `EUR 1,234.50` */
function money(amount: number, currency: string): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' })
    .format(amount)
    .replaceAll('\u00a0', ' ');
}

/** `EUR 90.00 for 1 TB and year` */
export const priceOf = ({ perTBYear, currency }: StorePrice): string =>
  `${money(perTBYear, currency)} for 1 TB and year`;

/** What so many bytes cost in a year. */
export const costPerYear = (bytes: bigint, { perTBYear, currency }: StorePrice): string =>
  money((Number(bytes) / 1e12) * perTBYear, currency);
