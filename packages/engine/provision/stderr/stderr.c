/*
 * Standard error put aside while TensorFlow starts: its static initialisers write to it through
 * a logger that no setting reaches yet. silence() returns a handle; restore(handle) undoes it.
 */
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

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

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "silence", NAPI_AUTO_LENGTH, silence, NULL, &function);
  napi_set_named_property(env, exports, "silence", function);
  napi_create_function(env, "restore", NAPI_AUTO_LENGTH, restore, NULL, &function);
  napi_set_named_property(env, exports, "restore", function);
  return exports;
}
