import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeComplaint, supportedNode } from '../../provision/node-version.mjs';
import { editJson, fakeWorld, filesBelow, type Wheels, writeLock } from './fake-checkout.ts';

const world = fakeWorld();
afterAll(world.remove);

describe('set-up', () => {
  it.concurrent('provides all from nothing, then starts no program again', async () => {
    const { begin, calls, engine, cache } = world.checkout('fresh');
    const first = await begin('setup').done;
    expect(first.code, first.printed).toBe(0);
    expect(calls()).toEqual(['npm ci', 'pip', 'unpack', 'node-gyp', 'node-gyp']);
    const { binding, library, tensorflow, requested } = engine();
    expect({ tensorflow, requested }).toEqual({ tensorflow: '2.21.0', requested: 'cpu' });
    expect((createRequire(import.meta.url)(binding) as { TF_Version: string }).TF_Version).toBe('2.21.0');
    expect(readFileSync(join(library, 'libtensorflow_framework.so.2'), 'utf8')).toBe('framework');
    // The binding looks for the library here, wherever the cache lies.
    expect(existsSync(join(binding, '../../../deps/lib/libtensorflow_cc.so.2'))).toBe(true);
    expect(filesBelow(cache).filter((name) => /tmp|lock|\.whl|not_wanted/.test(name))).toEqual([]);

    const second = await begin('setup').done;
    expect(second).toEqual({ code: 0, printed: '' });
    expect(calls()).toHaveLength(5);
  });

  it.concurrent('shares the cache between checkouts', async () => {
    const a = world.checkout('shared-a', 'cache-shared');
    const b = world.checkout('shared-b', 'cache-shared');
    expect((await a.begin('setup').done).code).toBe(0);
    expect((await b.begin('setup').done).code).toBe(0);
    expect(b.calls()).toEqual(['npm ci']);
    expect(b.engine()).toEqual(a.engine());
  });

  it.concurrent('repairs a damaged cache, and installs packages again when package-lock.json changes', async () => {
    const { begin, calls, engine, root } = world.checkout('damaged');
    await begin('setup', ['--gpu']).done;
    writeFileSync(join(engine().library, 'libtensorflow_cc.so.2'), 'half');
    writeLock(root, '4.23.0');
    const again = await begin('setup').done;
    expect(again.code, again.printed).toBe(0);
    expect(calls().slice(5)).toEqual(['npm ci', 'pip', 'unpack', 'node-gyp', 'node-gyp']);
    expect(readFileSync(join(engine().library, 'libtensorflow_cc.so.2'), 'utf8')).toHaveLength(5000);
    expect(engine().requested).toBe('gpu');
  });

  it.concurrent('uses the library that RESIZER_TENSORFLOW names, or says what it lacks', async () => {
    const { begin, calls, engine, root } = world.checkout('own');
    const home = join(root, 'own');
    const use = () => begin('setup', [], { RESIZER_TENSORFLOW: home }).done;
    const lines = [(await use()).printed];
    mkdirSync(join(home, 'lib'), { recursive: true });
    lines.push((await use()).printed);
    writeFileSync(join(home, 'lib/libtensorflow.so.2'), 'core');
    lines.push((await use()).printed);
    writeFileSync(join(home, 'lib/libtensorflow_framework.so.2'), 'framework');
    const withoutHeaders = await use();
    expect(withoutHeaders.code).toBe(1);
    lines.push(withoutHeaders.printed);
    expect(
      lines.map((line) => line.replace(`RESIZER_TENSORFLOW=${home}: `, '').split('. It must be')[0]),
    ).toEqual([
      'there is no such folder',
      'it holds neither libtensorflow_cc.so.2 nor libtensorflow.so.2',
      `${home}/lib/libtensorflow_framework.so.2 is missing`,
      `${home}/include/tensorflow/c/c_api.h is missing`,
    ]);
    mkdirSync(join(home, 'include/tensorflow/c'), { recursive: true });
    writeFileSync(join(home, 'include/tensorflow/c/c_api.h'), '');
    expect((await use()).code).toBe(0);
    expect(calls()).toEqual(['npm ci', 'node-gyp', 'node-gyp']);
    expect(engine().library).toBe(join(home, 'lib'));
  });
});

describe('what only the user can provide', () => {
  const failure = async (name: string, env: Record<string, string>, edit?: (wheels: Wheels) => void) => {
    const { begin, root, cache } = world.checkout(name);
    if (edit) editJson(join(root, 'packages/engine/provision/wheels.json'), edit);
    const { code, printed } = await begin('setup', [], env).done;
    expect(code, printed).toBe(1);
    expect(filesBelow(cache).filter((file) => !file.startsWith('logs/'))).toEqual([]);
    return printed.trim().split('\n').at(-1);
  };

  it.concurrent('a compiler and make', async () => {
    const line = await failure('no-compiler', { PATH: '/nowhere', PYTHON: world.python });
    expect(line).toContain('finds no C++ compiler and make. Install what is missing, for example');
  });

  it.concurrent('Python', async () => {
    expect(await failure('no-python', { PATH: '/nowhere' })).toContain('Python 3 is missing. Install it');
    expect(await failure('bad-python', { PYTHON: '/bin/false' })).toContain(
      '/bin/false is not a working Python 3',
    );
  });

  it.concurrent('disk space', async () => {
    const line = await failure('no-space', {}, ({ cpu }) => void (cpu.diskBytes = 1e18));
    expect(line).toMatch(
      /^Not enough disk space for .*: set-up needs 1000000000\.\d GB, \d+\.\d GB are free\./,
    );
    const full = await failure('full', { DISK_FULL: '1' });
    expect(full).toMatch(/^The disk is full \(writing .*\)\. Free some space/);
  });

  it.concurrent('the pinned wheel', async () => {
    const wrong = await failure('wrong-hash', {}, ({ cpu }) => void (cpu.wheels[0]!.sha256 = '0'.repeat(64)));
    expect(wrong).toContain(
      'could not be downloaded: the package index gave another file than the pinned one',
    );
    const none = await failure('no-wheel', { PIP_FIND_LINKS: '/nowhere' });
    expect(none).toContain('No matching distribution found for tensorflow_cpu==2.21.0');
    // Port 9 of this machine: nobody listens.
    const away = {
      PIP_NO_INDEX: '',
      PIP_FIND_LINKS: '',
      PIP_INDEX_URL: 'http://127.0.0.1:9',
      PIP_RETRIES: '1',
    };
    expect(await failure('no-network', away)).toContain(
      'the package index cannot be reached; check the network',
    );
  });

  it('a Node that package.json allows', () => {
    const versions = ['18.20.0', '20.18.1', '20.19.0', '21.0.0', '22.14.0', '23.0.0', '24.1.0'];
    expect(versions.filter((version) => !nodeComplaint(version))).toEqual(['20.19.0', '21.0.0', '22.14.0']);
    const manifest = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
    expect((JSON.parse(manifest) as { engines: { node: string } }).engines.node).toBe(supportedNode);
  });

  it.concurrent('known arguments', async () => {
    const { code, printed } = await world.checkout('arguments').begin('setup', ['--cuda']).done;
    expect(code).toBe(2);
    expect(printed).toContain("npm run setup does not know '--cuda'.");
  });
});

describe('npm start', () => {
  it.concurrent('sets up, then runs the smoke suite or what it is given, and passes the exit code on', async () => {
    const { begin } = world.checkout('start');
    const smoke = await begin('start').done;
    expect(smoke.code, smoke.printed).toBe(7);
    expect(smoke.printed).toContain('resizer run configs/smoke\n');
    const given = await begin('start', ['a.yaml', '--gpu', '--results', 'r']).done;
    expect(given.printed).toContain('resizer run a.yaml --results r\n');
    const options = await begin('start', ['--results', 'r']).done;
    expect(options.printed).toBe('resizer run configs/smoke --results r\n');
  });

  it.concurrent('runs nothing when set-up fails', async () => {
    const { code, printed } = await world.checkout('start-fails').begin('start', [], { PYTHON: '/bin/false' })
      .done;
    expect(code).toBe(1);
    expect(printed).not.toContain('resizer run');
  });
});
