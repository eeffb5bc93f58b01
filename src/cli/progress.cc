#include "cli/progress.h"

#include <cstdio>

#include "text/columns.h"

namespace overhang {

void Progress::show(std::string_view phase) {
  std::lock_guard lock(mutex_);
  if (!enabled_) return;
  // Carriage return, the phase, erase to the end of the line.
  auto text = "\r" + cut_middle(printable(phase), 60) + " ...\x1b[K";
  std::fwrite(text.data(), 1, text.size(), stderr);
  shown_ = true;
}

void Progress::clear() {
  std::lock_guard lock(mutex_);
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

}  // namespace overhang
