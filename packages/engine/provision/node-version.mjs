/** What this repository runs on; the same range as `engines.node` in the root package.json. */
export const supportedNode = '>=20.19 <23';

/**
 * A line that says what to install when Node is too old or too new, else undefined.
 * This module uses nothing that an old Node lacks, so that an old Node gets as far as saying so.
 * @param {string} version such as '20.19.3'
 * @returns {string | undefined}
 */
export function nodeComplaint(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if ((major === 20 && minor >= 19) || major === 21 || major === 22) return undefined;
  return `Node ${version} is not supported: resizer-lab needs Node ${supportedNode}. Install Node 22 from https://nodejs.org (or \`nvm install 22\`).`;
}
