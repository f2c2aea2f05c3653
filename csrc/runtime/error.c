/* The error channel: a code and a message per thread. */
#include <stdarg.h>
#include <stdio.h>

#include "runtime/memory.h"

static PN_THREAD_LOCAL pn_status last_status;

pn_status pn_fail(pn_status code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *message = pn_thread_text()->message;
  int length = vsnprintf(message, PN_MESSAGE_BYTES, format, args);
  va_end(args);
  if (length < 0) message[0] = '\0';
  last_status = code;
  return code;
}

pn_status pn_last_status(void) { return last_status; }

const char *pn_last_message(void) { return pn_thread_text()->message; }

void pn_clear_error(void) {
  last_status = PN_OK;
  pn_thread_text()->message[0] = '\0';
}

char *pn_text_buffer(void) {
  pn_thread_texts *t = pn_thread_text();
  return t->buffer[t->turn++ % PN_TEXT_BUFFERS];
}

const char *pn_status_name(pn_status code) {
  static const char *const names[PN_STATUS_COUNT] = {
      [PN_OK] = "OK",
      [PN_VALUE_ERROR] = "ValueError",
      [PN_TYPE_ERROR] = "TypeError",
      [PN_INDEX_ERROR] = "IndexError",
      [PN_RUNTIME_ERROR] = "RuntimeError",
      [PN_MEMORY_ERROR] = "MemoryError",
      [PN_OVERFLOW_ERROR] = "OverflowError",
      [PN_BUFFER_ERROR] = "BufferError",
      [PN_INTERRUPTED] = "Interrupted",
  };
  return (unsigned)code < PN_STATUS_COUNT ? names[code] : "unknown status";
}

bool pn_mul_ok(int64_t a, int64_t b, int64_t *out) { return !__builtin_mul_overflow(a, b, out); }

bool pn_add_ok(int64_t a, int64_t b, int64_t *out) { return !__builtin_add_overflow(a, b, out); }
