#include "goruntime/variable_search.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "goruntime/arenas.h"
#include "goruntime/arm64_addresses.h"

namespace overhang {
namespace {

constexpr std::uint64_t kChunk = 1 << 20;  // bytes of bss at a time
// Entries of a list that are looked at, evenly spread.
constexpr std::uint64_t kSamples = 1024;
constexpr std::uint64_t kMaxEntries = std::uint64_t{1} << 32;
constexpr std::uint64_t kMaxThreads = 1 << 20;
// Of a hostile image: bytes of bss that are searched, and lists of threads that are followed.
constexpr std::uint64_t kMostSearched = std::uint64_t{1} << 36;
constexpr std::size_t kMaxLists = 4096;
constexpr std::uint64_t kLowest = 4096;  // no object stands below
// runtime2.go: _Gidle … _Gdeadextra, and the bit _Gscan.
constexpr std::uint32_t kLastStatus = 11, kDead = 6, kScan = 0x1000;
// mcache.go: after tiny come tinyoffset and tinyAllocs, then alloc [numSpanClasses]*mspan.
constexpr std::uint64_t kAllocAfterTiny = 24, kSpanClasses = 136;
// mfixalloc.go: after fixalloc.inuse comes stat, which leads to where it counts.
constexpr std::int64_t kStatAfterInuse = 8;

bool plausible_slice(const TargetSlice& s) {
  return s.data >= kLowest && s.data % 8 == 0 && s.len > 0 && s.len <= s.cap && s.cap < kMaxEntries;
}

// Calls visit(index) for up to kSamples indices below `count`, the first and last among them,
// until it says false. False then.
template <class Visit>
bool all_samples(std::uint64_t count, std::uint64_t& budget, Visit&& visit) {
  auto step = std::max<std::uint64_t>(count / kSamples, 1);
  for (std::uint64_t i = 0; i < count; i += step)
    if (budget == 0 || (budget--, !visit(i))) return false;
  return visit(count - 1);
}

}  // namespace

void VariableSearch::for_each_word(const Visit& visit) const {
  for (auto [begin, end] :
       {std::pair(module_.bss, module_.ebss), std::pair(module_.noptrbss, module_.enoptrbss)}) {
    end = std::min(end, begin + kMostSearched);
    for (auto at = (begin + 7) & ~Address{7}; at + 24 <= end; at += kChunk) {
      // With the two words that a slice's header has more.
      auto size = std::min<std::uint64_t>(kChunk + 16, end - at);
      auto bytes = image_.bytes(at, size);
      if (!bytes) continue;
      for (std::uint64_t i = 0; i + 24 <= size; i += 8) visit(at + i, bytes->data() + i);
    }
  }
}

bool VariableSearch::in_bss(Address at) const {
  return (at >= module_.bss && at < module_.ebss) ||
         (at >= module_.noptrbss && at < module_.enoptrbss);
}

// Whether allspans lists spans that the arenas lead back to.
bool VariableSearch::is_mheap(Address mheap) const {
  auto spans = read_slice(image_, field(mheap, layout_.mheap_allspans));
  if (!spans || !plausible_slice(*spans)) return false;
  // mgc.go: a cycle adds 2.
  auto sweepgen = image_.read<std::uint32_t>(field(mheap, layout_.mheap_sweepgen));
  if (!sweepgen || *sweepgen % 2 != 0) return false;
  ArenaMap arenas(image_, layout_, mheap);
  std::uint64_t in_use = 0, unknown_to_arenas = 0;
  bool all = all_samples(spans->len, budget_, [&](std::uint64_t i) {
    auto span = image_.word(spans->data + i * 8).value_or(0);
    auto state = image_.read<std::uint8_t>(field(span, layout_.mspan_state));
    if (span < kLowest || !state || *state > 2) return false;
    if (*state != layout_.mSpanInUse) return true;
    in_use++;
    unknown_to_arenas += arenas.span_of(pointer(span, layout_.mspan_startAddr)) != span;
    return true;
  });
  // A span that is being made is entered last (mheap.go: initSpan).
  return all && in_use > 0 && unknown_to_arenas * 8 <= in_use;
}

bool VariableSearch::is_g(Address g, bool& alive) const {
  if (g < kLowest || g % 8 != 0) return false;
  auto status = image_.read<std::uint32_t>(field(g, layout_.g_atomicstatus));
  auto lo = image_.word(field(g, layout_.g_stack_lo)),
       hi = image_.word(field(g, layout_.g_stack_hi));
  if (!status || !lo || !hi || (*status & ~kScan) > kLastStatus) return false;
  auto state = *status & ~kScan;
  alive = state != 0 && state != kDead && state != kLastStatus;
  if (alive && (*lo < kLowest || *lo >= *hi || *hi - *lo > kMaxEntries)) return false;
  if (alive && image_.word(field(g, layout_.g_goid)).value_or(0) == 0) return false;
  auto m = pointer(g, layout_.g_m);
  if (m == 0) return true;
  auto g0 = pointer(m, layout_.m_g0);
  return g0 != 0 && pointer(g0, layout_.g_m) == m;
}

bool VariableSearch::is_allgs(const TargetSlice& slice) const {
  if (!plausible_slice(slice)) return false;
  std::uint64_t living = 0;
  return all_samples(slice.len, budget_,
                     [&](std::uint64_t i) {
                       bool alive = false;
                       if (!is_g(image_.word(slice.data + i * 8).value_or(0), alive)) return false;
                       living += alive;
                       return true;
                     }) &&
         living > 0;
}

// Each entry of alloc is a span of that class or runtime.emptymspan, which is a variable; those of
// class 0 always are.
bool VariableSearch::is_mcache(Address cache) const {
  auto first = field(cache, layout_.mcache_tiny) + kAllocAfterTiny;
  auto empty = image_.word(first).value_or(0);
  if (!in_bss(empty)) return false;
  for (std::uint64_t i = 0; i < kSpanClasses; i++) {
    auto span = image_.word(first + i * 8).value_or(0);
    if (span == empty) continue;
    if (span < kLowest || i < 2) return false;
    if (image_.read<std::uint8_t>(field(span, layout_.mspan_spanclass)) != i) return false;
  }
  return true;
}

bool VariableSearch::is_allp(const TargetSlice& slice) const {
  if (!plausible_slice(slice) || slice.len > kMaxThreads) return false;
  for (std::uint64_t i = 0; i < slice.len; i++) {
    auto p = image_.word(slice.data + i * 8).value_or(0);
    if (p < kLowest || p % 8 != 0) return false;
    // p.id is p's first field.
    if (image_.read<std::uint32_t>(p) != i) return false;
    auto cache = pointer(p, layout_.p_mcache);
    if (cache < kLowest || !is_mcache(cache)) return false;
  }
  return true;
}

bool VariableSearch::is_m(Address m) const {
  if (m < kLowest || m % 8 != 0) return false;
  auto g0 = pointer(m, layout_.m_g0);
  return g0 >= kLowest && pointer(g0, layout_.g_m) == m;
}

// How many threads m.alllink leads through from `m` on; 0 where that is no m.
std::uint64_t VariableSearch::thread_list(Address m) const {
  std::uint64_t count = 0;
  for (; m != 0; m = pointer(m, layout_.m_alllink)) {
    if (count++ > kMaxThreads || !is_m(m)) return 0;
  }
  return count;
}

// Wherever an instruction may begin is tried: what is none hits a variable by chance alone, and
// callers want several witnesses.
void VariableSearch::read_amd64(ByteSpan code, Address entry, CodeReferences& out) {
  for (std::size_t at = 0; at + 7 <= code.size(); at++) {
    auto byte = [&](std::size_t k) { return static_cast<unsigned>(code[at + k]); };
    // REX.W, opcode, ModRM (mod 0, rm 5), disp32.
    if ((byte(0) & 0xFB) != 0x48 || (byte(2) & 0xC7) != 0x05) continue;
    auto displacement = load_unchecked<std::int32_t>(code.data() + at + 3);
    auto target = entry + at + 7 + static_cast<std::uint64_t>(std::int64_t{displacement});
    if (byte(1) == 0x8B) out.loads.push_back(target);
    if (byte(1) == 0x8D) out.takes.push_back(target);
  }
}

void VariableSearch::read_arm64(ByteSpan code, Address entry, CodeReferences& out) {
  using namespace arm64;
  for (std::size_t at = 0; at + 12 <= code.size(); at += 4) {
    auto word = [&](std::size_t k) {
      return load_unchecked<std::uint32_t>(code.data() + at + 4 * k);
    };
    auto access = variable_access(word(0), word(1), entry + at);
    if (!access) continue;
    if (access->kind == VariableAccess::Kind::Load) out.loads.push_back(access->target);
    if (access->kind != VariableAccess::Kind::Address) continue;
    out.takes.push_back(access->target);
    auto through = access_through(*access, word(2));
    if (through && through->kind == VariableAccess::Kind::Load)
      out.loads.push_back(through->target);
  }
}

// References relative to the program counter in a function's code.
VariableSearch::CodeReferences VariableSearch::references_of(std::string_view name) const {
  CodeReferences out;
  for (std::size_t i = 0; i < module_.functions.size(); i++) {
    auto function = module_.functions.function(i);
    if (!function || function->name != name) continue;
    auto code = image_.bytes(function->entry, function->end - function->entry);
    if (!code) return out;
    if (layout_.architecture == Architecture::Amd64) read_amd64(*code, function->entry, out);
    if (layout_.architecture == Architecture::Arm64) read_arm64(*code, function->entry, out);
    return out;
  }
  return out;
}

void VariableSearch::find_by_code(RuntimeVariables& v) const {
  auto [marked, taken] = references_of("runtime.markroot");
  // An atomic load (ldar) has no address of its own.
  if (layout_.architecture == Architecture::Arm64)
    marked.insert(marked.end(), taken.begin(), taken.end());
  auto loaded = [&marked = marked](Address at) {
    return std::find(marked.begin(), marked.end(), at) != marked.end();
  };
  // mfinal.go: queuefinalizer puts new blocks in front of allfin; mgcmark.go: markroot marks them.
  std::unordered_set<Address> found;
  for (auto at : references_of("runtime.queuefinalizer").loads)
    if (in_bss(at) && loaded(at)) found.insert(at);
  if (found.size() == 1) v.allfin = *found.begin();
  if (!layout_.has(layout_.cleanupQueue_all)) return;
  // Callers of cleanupQueue's methods take gcCleanups' address; markroot reads gcCleanups.all.
  found.clear();
  for (auto name : {"runtime.runCleanups", "runtime.bgsweep", "runtime.freeSpecial"})
    for (auto at : references_of(name).takes)
      if (in_bss(at) && loaded(field(at, layout_.cleanupQueue_all))) found.insert(at);
  if (found.size() == 1) v.gc_cleanups = *found.begin();
}

// The runtime keeps copies of some headers (work.stackRoots of allgs, while it marks): the variable
// is what these functions read.
Address VariableSearch::read_by(std::vector<Address> found,
                                std::initializer_list<std::string_view> functions) const {
  if (found.size() > 1) {
    std::vector<Address> code;
    for (auto name : functions) {
      auto loads = references_of(name).loads;
      code.insert(code.end(), loads.begin(), loads.end());
    }
    std::erase_if(
        found, [&](Address at) { return std::find(code.begin(), code.end(), at) == code.end(); });
  }
  return found.size() == 1 ? found.front() : 0;
}

// mheap.go: mheap_'s allocators of spans and of caches count into fields of memstats.
Address VariableSearch::memstats_of(Address mheap) const {
  auto counted_by = [&](std::int64_t inuse, std::int64_t field) {
    return pointer(mheap, inuse + kStatAfterInuse) - static_cast<std::uint64_t>(field);
  };
  auto by_spans = counted_by(layout_.mheap_spanalloc_inuse, layout_.mstats_mspan_sys);
  auto by_caches = counted_by(layout_.mheap_cachealloc_inuse, layout_.mstats_mcache_sys);
  return by_spans == by_caches && in_bss(by_spans) ? by_spans : 0;
}

Status VariableSearch::run(RuntimeVariables& v) {
  std::vector<Address> heaps, goroutine_lists, processor_lists;
  std::uint64_t threads = 0;
  std::unordered_set<Address> tried;
  for_each_word([&](Address at, const std::byte* word) {
    TargetSlice slice{load_unchecked<std::uint64_t>(word), load_unchecked<std::uint64_t>(word + 8),
                      load_unchecked<std::uint64_t>(word + 16)};
    if (slice.data < kLowest || slice.data % 8 != 0) return;
    if (plausible_slice(slice)) {
      auto mheap = at - static_cast<std::uint64_t>(layout_.mheap_allspans);
      if (is_mheap(mheap)) heaps.push_back(mheap);
      if (is_allgs(slice)) goroutine_lists.push_back(at);
      if (is_allp(slice)) processor_lists.push_back(at);
    }
    // The newest thread's list is the longest. (A word elsewhere with the same value serves too.)
    if (tried.size() > kMaxLists || !is_m(slice.data) || !tried.insert(slice.data).second) return;
    if (auto count = thread_list(slice.data); count > threads) {
      threads = count;
      v.allm = at;
    }
  });
  v.allgs = read_by(goroutine_lists, {"runtime.allgadd"});
  if (heaps.size() != 1 || v.allgs == 0) {
    bool heap = heaps.size() != 1;
    return fail(ErrorKind::Unsupported,
                "the program has no symbols, and {} places in its memory look like {}; give an "
                "unstripped build with --exe or its debug file with --debug",
                heap ? heaps.size() : goroutine_lists.size(),
                heap ? "runtime.mheap_" : "runtime.allgs");
  }
  v.mheap = heaps.front();
  v.memstats = memstats_of(v.mheap);
  v.allp = read_by(processor_lists, {"runtime.procresize", "runtime.gcMarkTinyAllocs"});
  find_by_code(v);
  return {};
}

}  // namespace overhang
