import { classification } from '@resizer-lab/classification';
import { generalisation } from '@resizer-lab/generalisation';
import { quality } from '@resizer-lab/quality';
import type { Table } from '@resizer-lab/report';
import type { Study } from '@resizer-lab/suite';
import type { z } from 'zod';

/** Every study there is. */
export const studies: readonly Study<z.ZodObject, z.ZodType, z.ZodType, Table>[] = [
  classification,
  quality,
  generalisation,
];
