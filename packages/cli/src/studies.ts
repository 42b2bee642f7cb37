import { classification } from '@resizer-lab/classification';
import { quality } from '@resizer-lab/quality';

/** Every study there is. */
export const studies = [classification, quality];
