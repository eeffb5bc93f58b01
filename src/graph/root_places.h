// Where the program's references start: globals, live locals, and what the runtime itself keeps.
//
// A place is memory outside the heap that holds references, with the type that DWARF gives it. Its
// words count only where the collector takes them for roots; the first place that covers a root
// word gives it its meaning (RootWords), and words that no place covers stay of unknown type.
#pragma once

#include <tsl/robin_map.h>
#include <tsl/robin_set.h>

#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "goruntime/header_uses.h"
#include "goruntime/local_slice.h"
#include "goruntime/pointer_reach.h"
#include "goruntime/receivers.h"
#include "goruntime/stack_map.h"
#include "graph/follow.h"
#include "graph/guess.h"
#include "graph/owners.h"
#include "graph/root_words.h"

namespace overhang {

// What holds a reference: a heap object, or a row of RootPlaces.
class Holder {
 public:
  Holder() = default;
  static Holder object(ObjectId id) { return Holder(id.value); }
  static Holder place(ObjectIndex index) { return Holder(kFirstPlace + index); }
  static Holder from_bits(ObjectIndex bits) { return Holder(bits); }
  ObjectIndex bits() const { return bits_; }
  bool none() const { return bits_ == kNone; }
  bool is_place() const { return !none() && bits_ >= kFirstPlace; }
  bool is_object() const { return bits_ < kFirstPlace; }
  ObjectId as_object() const { return ObjectId(bits_); }
  ObjectIndex as_place() const { return bits_ - kFirstPlace; }
  friend bool operator==(Holder, Holder) = default;
  static constexpr ObjectIndex kMaxPlaces = ~ObjectIndex{0} - kMaxObjects;

 private:
  static constexpr ObjectIndex kFirstPlace = kMaxObjects, kNone = ~ObjectIndex{0};
  explicit Holder(ObjectIndex bits) : bits_(bits) {}
  ObjectIndex bits_ = kNone;
};

struct RootPlace {
  enum class Kind : std::uint8_t {
    Global,     // a package-level variable: name "main.pool"
    Local,      // a variable of a live frame: name "conns", function "main.(*Pool).run"
    Static,     // memory without a name, behind a pointer that `parent` holds
    Finalizer,  // what finalizers, cleanups and weak handles keep
    Unknown,    // a root word that no variable covers
  };
  Kind kind = Kind::Unknown;
  bool conservative = false;  // Unknown: of a frame that is scanned conservatively
  bool nameless = false;      // a variable whose name the executable does not tell
  bool by_address = false;    // the address is part of the name
  std::uint32_t label = 0;    // RootPlaces::name
  TypeId type;                // of a nameless one: kUnknownType, or the type that its name tells
  Holder parent;              // Static
  Address address = 0;        // of its first byte; 0 for a variable in pieces
  Address frame_pc = 0;       // Local, Unknown: where the frame stopped; 0: in no frame
  std::uint64_t parent_offset = 0;
};
static_assert(sizeof(RootPlace) == (kWideIds ? 48 : 40));  // there may be millions

class RootPlaces {
 public:
  // A reference that a place's word at byte `offset` holds.
  using Emit = std::function<void(const Reference&, Holder, std::uint64_t offset)>;

  // `dwarf` may be nullptr. All must outlive the places.
  RootPlaces(const Heap& heap, const RootSet& roots, Follower& follower, Dwarf* dwarf);

  // What globals and locals refer to.
  void show(const Emit& emit);
  // In a program whose variables are not known: what those of the runtime refer to, then globals
  // whose type the code tells (goruntime/receivers.h), then words of globals and locals that look
  // like more than a pointer.
  void show_guessed(Guesser& guesser, const Emit& emit);
  // Roots that are no variables: finalizers, and words of unknown type; but for those that a living
  // owner keeps.
  void show_unclaimed(const Owners& owners, const Emit& emit);
  // What the roots keep that an object owns.
  void show_owned(std::span<const Root> roots, const Emit& emit);
  // What a root's word refers to, whose place is none of a variable; not of FinalizerObject.
  Reference meaning(const Root& root);
  // A reference that leads outside the heap: into static data or a stack, whose root words become
  // known by it.
  void show_static(const Reference& reference, Holder holder, std::uint64_t offset,
                   const Emit& emit);

  ObjectIndex size() const { return static_cast<ObjectIndex>(rows_.size()); }
  const RootPlace& row(Holder holder) const { return rows_[holder.as_place()]; }
  std::string name(const RootPlace& row) const;
  // The name, but for the address, of a nameless global that is `what`, e.g. "[]*main.Conn"; "":
  // nobody knows.
  static std::string global_name(std::string_view what);
  // Whether it is a nameless global of which nobody knows what it is.
  bool is_bare_global(const RootPlace& row) const {
    return row.by_address && row.kind == RootPlace::Kind::Global &&
           names_[row.label].name == global_name("");
  }
  // The function whose variable it is (inlined into the frame's, perhaps), else that of the frame
  // that the place is in; empty in none.
  std::string_view function(const RootPlace& row) const;

 private:
  struct Local {
    std::uint32_t label;
    TypeId type;
    std::vector<LocationPiece> pieces;
  };
  void show_globals(const Emit& emit);
  void show_locals(const Emit& emit);
  // A word of a frame that variables keep there, in pieces. The compiler keeps one word for all
  // values that are equal: the pointer of a slice is that of all that begin there too.
  struct SpilledWord {
    Reference reference;
    std::uint64_t offset = 0;  // in its variable
    std::uint32_t local = 0;   // an index into spilled_rows_
    Address len = 0, cap = 0;  // of a slice or string: where they stand; 0: not in the frame
    bool shown = false;        // the word counts
  };
  void show_local(const Local& local, const StackFrame& frame, const Emit& emit);
  void spill(const Place& place, const RootPlace& row);
  void show_spilled(const StackFrame& frame, const Emit& emit);
  std::uint64_t shown_bytes(const Reference& reference);
  bool shows_all(const SpilledWord& word, const StackFrame& frame);
  void show_escaped(const Local& local, const StackFrame& frame, RootPlace row, const Emit& emit);
  void show_place(const Place& place, const RootPlace& row, std::uint64_t count, const Emit& emit);
  bool leads_to_known_words(const Reference& reference) const;
  const std::vector<Local>& locals_at(const StackFrame& frame);
  void show_runtime_variables(const Emit& emit);
  void show_receivers(Guesser& guesser, const Emit& emit);
  void show_pointer(std::span<const Receiver> receivers, Guesser& guesser, const Emit& emit);
  bool begins_with(TypeId type, TypeId other);
  bool has_pointers_of(Address address, TypeId type);
  // Where the variable begins that the word belongs to, if the frame keeps it in memory as a whole.
  std::optional<Address> stack_object(const StackFrame& frame, Address slot);
  void guess_pointer(Guesser& guesser, Address address, Address value, const Emit& emit);
  // `frame` of a local's word; nullptr: a global's.
  void guess_word(Guesser& guesser, RootPlace row, Address value, const StackFrame* frame,
                  const Emit& emit);
  // Whether the code takes the words there for a slice's.
  bool is_slice_of_values(Guesser& guesser, Address address, Address value);
  bool may_be_header(Address slot, const StackFrame* frame, Address object);
  void guess_local(Guesser& guesser, RootPlace row, Address value, const Goroutine& goroutine,
                   const StackFrame& frame, const Emit& emit);
  std::optional<Reference> certain_local(const std::vector<Guesser::LocalCandidate>& candidates,
                                         const Goroutine& goroutine, const StackFrame& frame,
                                         Address end);
  void show_finalizer_object(const Root& root, const Emit& emit);
  void show_root(const Root& root, const Emit& emit);
  TypeId runtime_object(std::string_view function, Address value);
  void show_word(const RootPlace& row, const Reference& reference, const Emit& emit);
  // Of what the root's word points to, as the runtime's record says.
  TypeId record_type(const Root& root) {
    return root.type ? decoder_.types().from_rtype(root.type) : kUnknownType;
  }
  Holder add(const RootPlace& row);
  RootPlace nameless_global(Address address, std::string_view what);
  // `function`: of a variable whose function was inlined.
  std::uint32_t label(std::string_view name, std::string_view function = {});

  const Heap& heap_;
  const Image& image_;
  const RootSet& roots_;
  Follower& follower_;
  ReferenceDecoder& decoder_;
  Dwarf* dwarf_;
  RootWords words_;
  PcCache stack_facts_;
  std::uint64_t compared_words_ = 0;  // has_pointers_of
  std::deque<RootPlace> rows_;        // millions where there are as many goroutines: grown in place
  struct Label {
    std::string key, name, function;
  };
  std::deque<Label> names_;  // by label
  std::unordered_map<std::string_view, std::uint32_t> labels_;
  std::unordered_map<Address, std::vector<Local>> locals_by_pc_;
  std::unordered_map<Address, std::vector<std::uint32_t>> stack_loads_;  // by function
  // Elements of the array that a word of a frame leads to, by where the frame stopped and the
  // word's offset: there the variable is the same in every frame.
  std::map<std::pair<Address, std::uint64_t>, TypeId> local_elements_;
  // Whether words of a frame may be a slice's, by where the frame stopped and the pointer's offset,
  // and by the offsets of len and cap: a thousand goroutines ask the same.
  std::map<std::pair<Address, std::uint64_t>, tsl::robin_map<std::uint64_t, bool>> local_ways_;
  // Of the frame in hand.
  struct SpilledRow {
    RootPlace row;
    Holder holder;
  };
  std::vector<SpilledRow> spilled_rows_;
  std::vector<SpilledWord> spilled_;
  LocalSliceProver prover_;
  CodeIndex code_;
  HeaderUses header_uses_;
  PointerReach pointer_reach_;
  tsl::robin_set<std::uint64_t> static_seen_;
};

}  // namespace overhang
