import { costOf, type YearlyCost } from '@coldroom/operations';
import type { StorePrice } from '@coldroom/register';

/** `EUR 1,234.50` */
export function money({ amount, currency }: YearlyCost): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' })
    .format(amount)
    .replaceAll('\u00a0', ' ');
}

/** `EUR 90.00 per TB per year` */
export const priceOf = ({ perTBYear, currency }: StorePrice): string =>
  `${money({ amount: perTBYear, currency })} per TB per year`;

/** What so many bytes cost in a year. */
export const costPerYear = (bytes: bigint, price: StorePrice): string => money(costOf(bytes, price));
