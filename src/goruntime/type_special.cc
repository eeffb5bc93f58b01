// What the runtime and the standard library keep behind types that do not say it. Each rule names
// the code it follows. A rule whose types the binary does not have falls back on UnsafePointer.
#include <algorithm>
#include <array>

#include "goruntime/type_table.h"

namespace overhang {
namespace {

using Kind = ScanStep::Kind;

// A pointer-free type of this table's own, since weakHandleBox is local to its function.
constexpr std::string_view kWeakHandle = "runtime.weakHandleBox";

// A field that is declared unsafe.Pointer, and what it holds.
struct TypedField {
  std::string_view structure;  // without type arguments
  std::string_view field;
  Kind kind;
  std::string_view target;  // the pointee; for Chan the channel type; empty: not known
};

constexpr std::array kTypedFields = {
    // sync/pool.go: "actual type is [P]poolLocal"; localSize and victimSize follow.
    TypedField{"sync.Pool", "local", Kind::PoolLocals, "sync.poolLocal"},
    TypedField{"sync.Pool", "victim", Kind::PoolLocals, "sync.poolLocal"},
    // sync/map.go, to 1.19: "*interface{}" (an atomic.Pointer[any] since).
    TypedField{"sync.entry", "p", Kind::Pointer, "interface {}"},
    // sync/runtime2.go: mirrors runtime.notifyList (sema.go).
    TypedField{"sync.notifyList", "head", Kind::Pointer, "runtime.sudog"},
    TypedField{"sync.notifyList", "tail", Kind::Pointer, "runtime.sudog"},
    // runtime/proflabel.go, runtime/pprof/runtime.go: SetGoroutineLabels.
    TypedField{"runtime.g", "labels", Kind::Pointer, "runtime/pprof.labelMap"},
    // runtime/runtime2.go: gobuf.ctxt is a saved closure context.
    TypedField{"runtime.gobuf", "ctxt", Kind::Func, ""},
    // runtime/runtime2.go: maybeTraceablePtr with a *hchan in it.
    TypedField{"runtime.maybeTraceableChan", "maybeTraceablePtr", Kind::Chan, ""},
    // runtime/time.go: "<-chan time.Time".
    TypedField{"runtime.timeTimer", "c", Kind::Chan, "chan time.Time"},
    // runtime/metrics/value.go: Value.Float64Histogram.
    TypedField{"runtime/metrics.Value", "pointer", Kind::Pointer,
               "runtime/metrics.Float64Histogram"},
    TypedField{"runtime.metricValue", "pointer", Kind::Pointer, "runtime.metricFloat64Histogram"},
    // runtime/mheap.go: getOrAddWeakHandle; the handle is an atomic.Uintptr, boxed.
    TypedField{"weak.Pointer", "u", Kind::Pointer, kWeakHandle},
    TypedField{"internal/weak.Pointer", "u", Kind::Pointer, kWeakHandle},
};

// Pointees that stand at the start of something larger of an unknown type: abi.Type is the head of
// the record of its kind (internal/abi/type.go), bmap of a bucket (runtime/map.go, to 1.23).
constexpr std::array<std::string_view, 5> kHeadsOfUnknown = {
    "internal/abi.Type", "runtime._type", "reflect.rtype", "internal/reflectlite.rtype",
    "runtime.bmap"};

// Pointer types that show more than one pointee, by how the package uses them: log/slog/value.go:
// a string's or a []Attr's data, its length elsewhere.
constexpr std::array<std::string_view, 2> kDataPointers = {"log/slog.stringptr",
                                                           "log/slog.groupptr"};

constexpr std::array<std::string_view, 3> kHashTrieNodes = {
    "internal/sync.node", "internal/concurrent.node", "unique.node"};

std::string_view without_arguments(std::string_view name) { return name.substr(0, name.find('[')); }

template <class Range>
bool contains(const Range& range, std::string_view name) {
  return std::find(range.begin(), range.end(), name) != range.end();
}

// reflectdata.MapBucketType.
bool is_map_bucket(const TypeInfo& info) {
  return info.fields.size() == 4 && info.fields[0].name == "topbits" &&
         info.fields[1].name == "keys" && info.fields[2].name == "elems" &&
         info.fields[3].name == "overflow";
}

}  // namespace

SpecialStruct TypeTable::Impl::special_struct(const TypeRow& r) {
  if (r.info.kind != TypeKind::Struct) return SpecialStruct::None;
  if (is_map_bucket(r.info)) return SpecialStruct::MapBucket;
  auto base = without_arguments(r.full_name);
  if (base == "sync/atomic.Pointer") return SpecialStruct::AtomicPointer;
  if (base == "internal/runtime/atomic.Pointer" || base == "runtime/internal/atomic.Pointer")
    return SpecialStruct::RuntimeAtomicPointer;
  if (base == "sync.eface") return SpecialStruct::PoolQueueSlot;
  for (const auto& rule : kTypedFields)
    if (rule.structure == base) return SpecialStruct::Fields;
  return SpecialStruct::None;
}

ScanStep TypeTable::Impl::pointer_step(std::uint64_t offset, TypeId pointer, TypeId elem) {
  ScanStep step{.kind = Kind::Pointer, .offset = offset, .target = elem};
  const TypeRow& pointee = decoded(elem);
  const TypeRow& own = decoded(pointer);
  auto base = without_arguments(pointee.full_name);
  auto unknown = [&] {
    step.kind = Kind::UnsafePointer;
    step.target = kUnknownType;
    return step;
  };
  if (pointee.info.kind == TypeKind::Unknown || is_pointer_shape(own) ||
      contains(kDataPointers, own.full_name) || contains(kHeadsOfUnknown, base))
    return unknown();
  if (contains(kHashTrieNodes, base)) {
    step.kind = Kind::SyncMapNode;
  } else if (base == "runtime.funcval") {
    step.kind = Kind::Func;
    step.target = kUnknownType;
  } else if (base == "runtime.hchan") {
    step.kind = Kind::Chan;
    step.target = kUnknownType;
  } else if (base == "time.Timer" || base == "time.Ticker") {
    // 1.23+: the head of a runtime.timeTimer (runtime/time.go: newTimer).
    auto whole = named_in_full("runtime.timeTimer");
    if (whole != kUnknownType) step.target = whole;
  }
  return step;
}

std::optional<ScanStep> TypeTable::Impl::special_step(TypeId structure, std::size_t index,
                                                      std::uint64_t offset) {
  const TypeRow& r = row(structure);
  const TypeField& field = r.info.fields[index];
  auto base = without_arguments(r.full_name);
  const TypeRow& field_type = decoded(field.type);
  auto size = field_type.info.size;
  if (r.special == SpecialStruct::Fields ? size < 8 : size != 8) return std::nullopt;
  switch (r.special) {
    case SpecialStruct::None:
      return std::nullopt;
    case SpecialStruct::AtomicPointer: {
      // sync/atomic/type.go: struct { _ [0]*T; _ noCopy; v unsafe.Pointer }.
      if (field_type.info.kind != TypeKind::UnsafePointer) return std::nullopt;
      auto pointer = decoded(r.info.fields[0].type).info.elem;
      if (decoded(pointer).info.kind != TypeKind::Pointer) return std::nullopt;
      return pointer_step(offset, pointer, decoded(pointer).info.elem);
    }
    case SpecialStruct::RuntimeAtomicPointer: {
      // internal/runtime/atomic/types.go: struct { u UnsafePointer }.
      auto open = r.full_name.find('[');
      if (open == std::string::npos || !r.full_name.ends_with(']')) return std::nullopt;
      auto elem = named(
          std::string_view(r.full_name).substr(open + 1).substr(0, r.full_name.size() - open - 2));
      if (elem == kUnknownType) return std::nullopt;
      return pointer_step(offset, kUnknownType, elem);
    }
    case SpecialStruct::PoolQueueSlot:
      return std::nullopt;  // compile: the struct is one step
    case SpecialStruct::MapBucket:
      if (field.name != "overflow" || field_type.info.kind != TypeKind::UnsafePointer)
        return std::nullopt;
      return ScanStep{.kind = Kind::Pointer, .offset = offset, .target = structure};
    case SpecialStruct::Fields:
      break;
  }
  for (const auto& rule : kTypedFields) {
    if (rule.structure != base || rule.field != field.name) continue;
    // An atomic.Pointer since Go 1.20.
    if (base == "sync.entry" && field_type.info.kind != TypeKind::UnsafePointer) continue;
    if (rule.target.empty()) return ScanStep{.kind = rule.kind, .offset = offset};
    auto target = rule.target == kWeakHandle ? weak_handle() : named_in_full(rule.target);
    if (target == kUnknownType) return std::nullopt;
    return ScanStep{.kind = rule.kind, .offset = offset, .target = target};
  }
  return std::nullopt;
}

TypeId TypeTable::Impl::weak_handle() {
  // Boxed up to the tiny allocator's block from 1.26 on, so that it has an object of its own.
  if (weak_handle_type == kUnknownType)
    weak_handle_type = add_plain(std::string(kWeakHandle), TypeKind::Scalar,
                                 runtime.layout().minor >= 26 ? 16 : 8, 0);
  return weak_handle_type;
}

TypeId TypeTable::Impl::sync_map_node_target(TypeId node, bool is_entry) {
  auto [at, fresh] = node_targets.try_emplace(node.value * std::uint64_t{2} + is_entry);
  if (!fresh) return at->second;
  std::string name = decoded(node).full_name;
  auto arguments = name.find('[');
  if (arguments == std::string::npos || !contains(kHashTrieNodes, without_arguments(name)))
    return kUnknownType;
  auto dot = name.rfind('.', arguments);
  name.replace(dot + 1, arguments - dot - 1, is_entry ? "entry" : "indirect");
  return node_targets[node.value * std::uint64_t{2} + is_entry] = named_in_full(name);
}

}  // namespace overhang
