#include "support/anatomy.h"

#include <stdexcept>

namespace overhang::test {
namespace {

template <class T>
T value_of(Result<T> result, const char* layer) {
  if (!result) throw std::runtime_error(std::string(layer) + ": " + result.error().message);
  return std::move(*result);
}

}  // namespace

std::unique_ptr<Anatomy> Anatomy::of(Subject& subject) {
  if (emulating_arm64()) return of_core(subject.core(), subject.executable());
  return of_process(subject.pid(), subject.executable());
}

std::unique_ptr<Anatomy> Anatomy::of_process(pid_t pid, const std::string& executable,
                                             const std::function<void()>& taken) {
  std::unique_ptr<Anatomy> out(new Anatomy);
  out->image = value_of(snapshot_process(static_cast<std::uint32_t>(pid), {}, out->diagnostics),
                        "snapshot_process");
  if (taken) taken();
  out->open(executable);
  return out;
}

std::unique_ptr<Anatomy> Anatomy::of_core(const std::string& core, const std::string& executable) {
  std::unique_ptr<Anatomy> out(new Anatomy);
  out->image = value_of(open_core(core, out->diagnostics), "open_core");
  out->open(executable);
  return out;
}

void Anatomy::open(const std::string& executable) {
  file = value_of(ElfFile::open(executable), "ElfFile::open");
  runtime = value_of(Runtime::open(*image, *file, diagnostics), "Runtime::open");
  spans = value_of(read_spans(*runtime), "read_spans");
  roots.roots = read_roots(*runtime, spans);
  heap.emplace(value_of(Heap::open(*runtime, spans), "Heap::open"));
  roots.goroutines = read_goroutines(
      *runtime, [this](Address address) { return heap->contains(address); }, 2);
  live = reach(roots);
}

const Goroutine* Anatomy::goroutine_in(std::string_view function) const {
  for (auto& goroutine : roots.goroutines)
    for (auto& frame : goroutine.frames)
      if (function_of(frame) == function) return &goroutine;
  return nullptr;
}

std::string Anatomy::function_of(const StackFrame& frame) const {
  auto function = runtime->find_function(frame.pc);
  return function ? std::string(function->name) : std::string();
}

}  // namespace overhang::test
