import { classification } from '@resizer-lab/classification';

/** Every study there is. */
export const studies = [classification];
