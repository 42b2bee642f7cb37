import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, hashOf, messageOf, sha256, UserError, writeAtomically } from '@resizer-lab/base';
import { PhotoError, probePhoto } from './photo.ts';
import { eachOf } from './pool.ts';

/** What is known of a file's content: a usable photo, or the reason why it is none. */
export type Fact =
  | { readonly sha256: string; readonly width: number; readonly height: number }
  | { readonly reason: string };

/** Size and time of the last change: as long as they stay, the content is taken to be the same. */
interface Known {
  readonly bytes: number;
  readonly changed: number;
  readonly fact: Fact;
}

const FORMAT = 1;
const MAX_BYTES = 512 * 2 ** 20;
const AT_ONCE = 8;

/**
 * Looks at photos, and remembers in a cache folder what it saw, so that an unchanged file is not
 * opened again. Two processes may do this at once: the file is replaced as a whole, and holds
 * nothing that could not be found out again.
 */
export class PhotoFacts {
  private readonly folder: string;
  private readonly maxPixels: number;
  private readonly progress: ((photos: number) => void) | undefined;
  private readonly file: string | undefined;
  private readonly known: Map<string, Known>;
  private learned = false;
  private seen = 0;

  private constructor(folder: string, options: FactsOptions, known: Map<string, Known>) {
    this.folder = folder;
    this.maxPixels = options.maxPixels;
    this.progress = options.progress;
    this.file = cacheFile(folder, options);
    this.known = known;
  }

  /** @param folder absolute path of the data set. */
  static async open(folder: string, options: FactsOptions): Promise<PhotoFacts> {
    return new PhotoFacts(folder, options, await readKnown(cacheFile(folder, options)));
  }

  /** Facts of files, in the order of the paths. */
  async of(paths: readonly string[]): Promise<Fact[]> {
    return eachOf(paths, AT_ONCE, async (path) => {
      const fact = await this.factOf(path);
      this.progress?.(++this.seen);
      return fact;
    });
  }

  /** Writes the cache file if there is anything new to remember. */
  async save(): Promise<void> {
    if (this.file === undefined || !this.learned) return;
    try {
      await mkdir(dirname(this.file), { recursive: true });
      const text = JSON.stringify({ format: FORMAT, photos: [...this.known] });
      await writeAtomically(this.file, [Buffer.from(text)]);
    } catch (error) {
      throw new UserError(`cache file ${this.file} cannot be written (${messageOf(error)})`, {
        cause: error,
      });
    }
  }

  private async factOf(path: string): Promise<Fact> {
    try {
      const { size, mtimeMs } = await stat(join(this.folder, path));
      const known = this.known.get(path);
      if (known?.bytes === size && known.changed === mtimeMs) return known.fact;
      const fact = await this.examine(path, size);
      this.known.set(path, { bytes: size, changed: mtimeMs, fact });
      this.learned = true;
      return fact;
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      return { reason: `cannot be read (${messageOf(error)})` };
    }
  }

  private async examine(path: string, size: number): Promise<Fact> {
    if (size > MAX_BYTES) return { reason: `${size} bytes are over the limit of ${MAX_BYTES} bytes` };
    const bytes = await readFile(join(this.folder, path));
    try {
      return { sha256: sha256(bytes), ...(await probePhoto(bytes, this.maxPixels)) };
    } catch (error) {
      if (error instanceof PhotoError) return { reason: error.message };
      throw error;
    }
  }
}

export interface FactsOptions {
  readonly cache?: string;
  readonly maxPixels: number;
  readonly progress?: (photos: number) => void;
}

function cacheFile(folder: string, { cache, maxPixels }: FactsOptions): string | undefined {
  return cache && join(cache, `photos-${hashOf({ folder, maxPixels }).slice(0, 16)}.json`);
}

/** A cache file that is absent, damaged or of another format is as good as an empty one. */
async function readKnown(file: string | undefined): Promise<Map<string, Known>> {
  if (file === undefined) return new Map();
  try {
    const { format, photos } = JSON.parse(await readFile(file, 'utf8')) as {
      format: unknown;
      photos: unknown;
    };
    return format === FORMAT && Array.isArray(photos) ? new Map(photos as [string, Known][]) : new Map();
  } catch {
    return new Map();
  }
}
