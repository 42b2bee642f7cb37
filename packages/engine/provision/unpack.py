"""Unpacks the wanted members of a wheel: unpack.py WHEEL FOLDER GLOB...

Prints the number of bytes written so far, a line for every few megabytes. Files are streamed, and
zipfile checks each against its CRC. Any failure ends with one line on standard error and exit code 1.
"""

import fnmatch
import os
import sys
import zipfile

CHUNK = 4 << 20


def wanted(name, globs):
    return not name.endswith('/') and any(fnmatch.fnmatchcase(name, glob) for glob in globs)


def destination(folder, name):
    path = os.path.normpath(os.path.join(folder, name))
    if os.path.isabs(name) or not path.startswith(folder + os.sep):
        raise ValueError(f'{name} would be unpacked outside of {folder}')
    return path


def unpack(wheel, folder, globs):
    done = 0
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if not wanted(member.filename, globs):
                continue
            path = destination(folder, member.filename)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(member) as source, open(path, 'wb') as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    done += len(chunk)
                    print(done, flush=True)
            if member.external_attr >> 16 & 0o100:
                os.chmod(path, 0o755)


if __name__ == '__main__':
    try:
        unpack(sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:])
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        sys.exit(f'{type(error).__name__}: {error}')
