/*
 * What the engine asks of its own process, beyond Node's reach.
 *
 * silence() puts standard error aside while TensorFlow starts: its static initialisers write to it through
 * a logger that no setting reaches yet. It returns a handle; restore(handle) undoes it.
 *
 * releaseMemory() gives memory back to the system that the process holds and does not use: what malloc keeps
 * of freed blocks, and pages of TensorFlow's libraries that loading needed. The latter are read-only copies
 * of files: those that are needed again come back from the system's cache.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>
#ifdef __linux__
#include <link.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#endif

static napi_value silence(napi_env env, napi_callback_info info) {
  (void)info;
  int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (saved >= 0 && null >= 0) dup2(null, STDERR_FILENO);
  if (null >= 0) close(null);
  napi_value handle;
  napi_create_int32(env, saved, &handle);
  return handle;
}

static napi_value restore(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value handle;
  int32_t saved = -1;
  napi_get_cb_info(env, info, &count, &handle, NULL, NULL);
  napi_get_value_int32(env, handle, &saved);
  if (saved >= 0) {
    dup2(saved, STDERR_FILENO);
    close(saved);
  }
  return NULL;
}

#ifdef __linux__
/* Segments that are never writable hold no changes: without text relocations, they are the file's bytes. */
static int drop_pages(struct dl_phdr_info *library, size_t size, void *page_size) {
  (void)size;
  if (!strstr(library->dlpi_name, "libtensorflow")) return 0;
  const ElfW(Addr) page = *(long *)page_size;
  for (int i = 0; i < library->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &library->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
    /* Whole pages alone: the last one may be shared with a segment that is written. */
    ElfW(Addr) from = (library->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
    ElfW(Addr) to = (library->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
    if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
  }
  return 0;
}
#endif

static napi_value release_memory(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
#ifdef __linux__
  long page_size = sysconf(_SC_PAGESIZE);
  dl_iterate_phdr(drop_pages, &page_size);
#ifdef __GLIBC__
  malloc_trim(0);
#endif
#endif
  return NULL;
}

static void export(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function);
  napi_set_named_property(env, exports, name, function);
}

NAPI_MODULE_INIT() {
  export(env, exports, "silence", silence);
  export(env, exports, "restore", restore);
  export(env, exports, "releaseMemory", release_memory);
  return exports;
}
