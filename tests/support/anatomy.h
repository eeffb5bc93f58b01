// A Go process or core opened layer by layer, as the pipeline does it, for tests that look within.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "binary/elf_file.h"
#include "goruntime/goroutines.h"
#include "goruntime/roots.h"
#include "goruntime/runtime.h"
#include "graph/mark.h"
#include "heap/heap.h"
#include "heap/pointer_map.h"
#include "image/core.h"
#include "image/live.h"
#include "support/go_program.h"

namespace overhang::test {

class Anatomy {
 public:
  // The image of a subject: of its process, or of its core where it is emulated.
  static std::unique_ptr<Anatomy> of(Subject& subject);
  // All throw std::runtime_error with the failing layer's message.
  // `taken` is called when the image is there and the process goes on.
  static std::unique_ptr<Anatomy> of_process(pid_t pid, const std::string& executable,
                                             const std::function<void()>& taken = {});
  static std::unique_ptr<Anatomy> of_core(const std::string& core, const std::string& executable);

  Diagnostics diagnostics;
  std::unique_ptr<Image> image;
  std::unique_ptr<ElfFile> file;
  std::unique_ptr<Runtime> runtime;
  HeapSpans spans;
  std::optional<Heap> heap;
  RootSet roots;
  LiveSet live;

  // The goroutine one of whose frames is in `function` ("main.reached"), or nullptr.
  const Goroutine* goroutine_in(std::string_view function) const;
  std::string function_of(const StackFrame& frame) const;
  // Objects that a set of roots reaches.
  LiveSet reach(const RootSet& from) const { return mark(*heap, from, 2); }

 private:
  Anatomy() = default;
  void open(const std::string& executable);
};

}  // namespace overhang::test
