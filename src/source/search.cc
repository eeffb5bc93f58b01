// A breadth-first search backwards over the flows, from the holder's place to slices that are made.
#include "source/search.h"

#include <algorithm>
#include <deque>
#include <tuple>

#include "source/cleared.h"
#include "source/surroundings.h"

namespace overhang::source {
namespace {

constexpr unsigned kMaxDistance = 8;
constexpr std::size_t kMaxPlaces = 4096;
constexpr std::size_t kMaxCandidates = 64;
constexpr unsigned kNever = 100;

// How badly a form explains a category; kNever: it cannot.
unsigned misfit(Form form, Category category, bool empty) {
  bool cuts_end = form == Form::Truncate || form == Form::Delete || form == Form::DeleteSome;
  switch (category) {
    case Category::Tail:
      if (form == Form::Zero) return empty ? 0 : 1;
      if (cuts_end) return empty ? 1 : 0;
      return form == Form::Window ? 2 : kNever;
    case Category::Head:
      return form == Form::Advance ? 0 : form == Form::Window ? 1 : kNever;
    case Category::Clipped:
      // s[1:] of the last element has no capacity: Go leaves its pointer where it was.
      if (form == Form::Advance) return empty ? 0 : kNever;
      return form == Form::ThreeIndex ? 0 : kNever;
    case Category::Gap:
      return form == Form::Delete || form == Form::DeleteSome ? kNever : form == Form::Zero ? 1 : 0;
    case Category::Window:
      return form == Form::Delete || form == Form::DeleteSome || form == Form::Zero ? 2 : 0;
    case Category::Interior:
      return kNever;
  }
  return kNever;
}

// "[]*pkg.T" of the last names alone, as reports name types; "" where not known.
std::string type_text(const Program& program, TypeRef ref, unsigned depth = 0) {
  const GoType& type = program.type(ref);
  if (depth > 16) return {};
  auto elem = [&] { return type_text(program, type.elem, depth + 1); };
  switch (type.kind) {
    case GoType::Kind::Basic:
      return type.name;
    case GoType::Kind::Named:
      if (!type.decl) return {};  // the package's name is not known
      if (type.decl->alias || !type.decl->parameters.empty()) return {};
      return type.decl->package->name + "." + type.name;
    case GoType::Kind::Pointer:
      return elem().empty() ? "" : "*" + elem();
    case GoType::Kind::Slice:
      return elem().empty() ? "" : "[]" + elem();
    default:
      return {};
  }
}

bool is_local(const Variable& variable) { return variable.function != nullptr; }

class Search {
 public:
  Search(Flows& flows, const SliceHolder& holder, const SearchOptions& options)
      : flows_(flows), program_(flows.program()), holder_(holder), options_(options) {}

  std::vector<Candidate> run() {
    if (holder_.kind == SliceHolder::Kind::Local && holder_.variable.empty() && !chosen_)
      if (auto locals = fitting_locals(); locals.size() > 1) return of_the_one_that_is_cut(locals);
    if (!find_start()) return {};
    while (!queue_.empty()) {
      Step step = std::move(queue_.front());
      queue_.pop_front();
      follow(step);
    }
    if (found_.empty() && options_.what_is_set && holder_.category == Category::Window)
      take_what_is_set();
    std::erase_if(found_, [&](const Candidate& candidate) {
      return !candidate.filter && Surroundings(flows_, candidate).grows();
    });
    for (auto& candidate : found_) candidate.cleared = is_cleared(flows_, candidate);
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Candidate& a, const Candidate& b) { return order(a) < order(b); });
    // A slice that is made counts once, however it was found.
    std::vector<Candidate> out;
    for (auto& candidate : found_) {
      bool known = std::any_of(out.begin(), out.end(), [&](const Candidate& other) {
        return other.flow.file == candidate.flow.file &&
               other.flow.statement.same(candidate.flow.statement) &&
               other.flow.right.same(candidate.flow.right);
      });
      if (!known) out.push_back(std::move(candidate));
    }
    return out;
  }

 private:
  struct Step {
    std::string place;
    TypeRef type = kUnknown;
    unsigned distance = 0;
    const Flow* call = nullptr;   // whose function's result `place` leads to
    const Flow* alias = nullptr;  // that set the start from the local variable at `place`
    // Found by going into a function that gets the holder: what its other callers pass is not
    // meant.
    bool entered = false;
  };

  static std::tuple<bool, unsigned, unsigned, unsigned, bool, std::string, std::uint32_t> order(
      const Candidate& c) {
    return {c.cleared,
            c.misfit,
            c.penalty,
            c.distance,
            !c.in_place,
            c.flow.file ? c.flow.file->path : std::string(),
            c.flow.statement.begin()};
  }

  // --- the holder's place ---

  bool find_start() {
    std::string place;
    TypeRef type = kUnknown;
    if (holder_.kind == SliceHolder::Kind::Type) return find_type();
    if (holder_.kind != SliceHolder::Kind::Field) {
      root_ = holder_.kind == SliceHolder::Kind::Global ? global() : local();
      if (!root_ && holder_.kind != SliceHolder::Kind::Global) return false;
      if (!root_ && holder_.fields.empty()) return false;
      if (root_) {
        Evaluator evaluator(program_, *root_->file);
        place = variable_place(*root_);
        type = evaluator.variable_named(root_->name) == root_
                   ? evaluator.value(root_->declaration).type
                   : root_->type;
        if (type == kUnknown) type = root_->type;
      }
    }
    for (const auto& field : holder_.fields)
      if (!enter_field(field, place, type)) return false;
    if (place.empty()) return false;
    auto behind_pointers = [&] {
      for (unsigned i = 0; i < 4; i++) {
        const GoType& of = program_.type(program_.underlying(type));
        if (of.kind != GoType::Kind::Pointer) break;
        place.insert(0, "*");
        type = of.elem;
      }
    };
    behind_pointers();
    for (std::uint32_t i = 0; i < std::min(holder_.elements, 8u); i++) {
      const GoType& of = program_.type(program_.underlying(type));
      bool key = holder_.key && i + 1 == holder_.elements;
      place.insert(0, key ? "{}" : "[]");
      type = key ? of.key : of.elem;
      behind_pointers();
    }
    if (!element_agrees(type)) return false;
    start_ = place;
    enqueue({place, type, 0, nullptr, nullptr, false});
    return true;
  }

  bool find_type() {
    Package* package = program_.package(holder_.package);
    if (!package || !package->types.contains(holder_.variable)) return false;
    flows_.add(*package);
    start_ = "t:" + holder_.variable;
    enqueue(
        {start_, program_.named(*package->types.at(holder_.variable)), 0, nullptr, nullptr, false});
    return true;
  }

  Variable* global() {
    Package* package = program_.package(holder_.package);
    if (!package) return nullptr;
    flows_.add(*package);
    auto at = package->variables.find(holder_.variable);
    return at == package->variables.end() ? nullptr : at->second;
  }

  bool at_function(const Node& node, const File& file) const {
    if (holder_.function_line == 0) return true;
    auto base = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };
    return node.line() == holder_.function_line && base(file.path) == base(holder_.function_file);
  }
  // Before Go 1.20 the line of a function's first instruction is what is known.
  bool in_named_function(const Variable& variable) const {
    return variable.function && variable.function->package->path == holder_.package;
  }

  // Of several that a slice without a name may be: the statements of the only one that has any.
  std::vector<Candidate> of_the_one_that_is_cut(const std::vector<const Variable*>& locals) {
    constexpr std::size_t kMostLocals = 16;
    std::vector<Candidate> out;
    if (locals.size() > kMostLocals) return out;
    for (const Variable* local : locals) {
      Search one(flows_, holder_, options_);
      one.chosen_ = local;
      auto found = one.run();
      if (!found.empty() && !out.empty()) return {};
      if (!found.empty()) out = std::move(found);
    }
    return out;
  }

  // The variable of that name in the function; nullptr where it is not the only one.
  Variable* local() {
    if (chosen_) return const_cast<Variable*>(chosen_);
    auto fitting = fitting_locals();
    return fitting.size() == 1 ? const_cast<Variable*>(fitting[0]) : nullptr;
  }

  std::vector<const Variable*> fitting_locals() {
    std::vector<const Variable*> fitting;
    Package* package = program_.package(holder_.package);
    if (!package) return fitting;
    flows_.add(*package);
    for (const Variable& variable : program_.variables()) {
      bool named = holder_.variable.empty() || variable.name == holder_.variable;
      if (!named || !in_named_function(variable)) continue;
      bool here = false;
      if (holder_.kind == SliceHolder::Kind::Local) {
        Node around = variable.around ? variable.around : variable.function->node;
        here = at_function(around, *variable.file);
      } else {
        for (const Node& use : flows_.uses(variable)) here = here || in_closure(use, variable);
      }
      if (!here) continue;
      bool fits = holder_.variable.empty() ? is_such_slice(variable) : may_hold(variable);
      if (fits) fitting.push_back(&variable);
    }
    if (holder_.function_line == 0) keep_named_functions(fitting);
    return fitting;
  }

  // Of a variable without a name, the type has to say it.
  bool is_such_slice(const Variable& variable) const {
    TypeRef type = variable.type;
    if (Evaluator evaluator(program_, *variable.file);
        type == kUnknown && evaluator.variable_named(variable.name) == &variable)
      type = evaluator.value(variable.declaration).type;
    const GoType& of = program_.type(program_.underlying(type));
    return of.kind == GoType::Kind::Slice && !holder_.element_type.empty() &&
           type_text(program_, of.elem) == holder_.element_type;
  }

  // Of a function that was inlined wherever it is called nothing but the name is known.
  void keep_named_functions(std::vector<const Variable*>& variables) const {
    auto name = holder_.function;
    if (auto at = name.find('['); at != std::string::npos && name.rfind(']') != std::string::npos)
      name.erase(at, name.rfind(']') + 1 - at);
    auto other = [&](const Variable* variable) {
      return !name.ends_with("." + variable->function->display_name());
    };
    if (!std::all_of(variables.begin(), variables.end(), other)) std::erase_if(variables, other);
  }

  // Whether a use stands in the function literal that captured the variable.
  bool in_closure(const Node& use, const Variable& variable) const {
    for (Node node = use.parent(); node; node = node.parent())
      if (node.is("func_literal") && at_function(node, *variable.file)) return true;
    return false;
  }

  bool may_hold(const Variable& variable) const {
    if (!holder_.fields.empty() || holder_.elements > 0) return true;
    const GoType* of = &program_.type(program_.underlying(variable.type));
    for (unsigned i = 0; i < 4 && of->kind == GoType::Kind::Pointer; i++)
      of = &program_.type(program_.underlying(of->elem));
    bool string = of->kind == GoType::Kind::Basic && of->name == "string";
    if (of->kind == GoType::Kind::Slice) return element_agrees_with(of->elem);
    return of->kind == GoType::Kind::Unknown || of->kind == GoType::Kind::Interface || string ||
           of->kind == GoType::Kind::Parameter;
  }

  bool enter_field(const SliceHolder::Field& field, std::string& place, TypeRef& type) {
    auto [path, name] = split_type_name(field.owner);
    if (name.empty()) {  // of a struct type without a name
      if (place.empty()) return false;
      auto found = program_.find_field(type, field.name);
      place += "." + field.name;
      type = found ? found->type : kUnknown;
      return true;
    }
    Package* package = program_.package(path);
    if (package) flows_.add(*package);
    place = "f:" + path + "." + name + "." + field.name;
    type = kUnknown;
    if (!package) return true;
    auto decl = package->types.find(name);
    if (decl == package->types.end()) return false;
    auto found = program_.find_field(program_.named(*decl->second), field.name);
    if (!found || !found->path.empty()) return false;  // other sources than the program's
    type = found->type;
    return true;
  }

  bool element_agrees_with(TypeRef elem) const {
    auto ours = type_text(program_, elem);
    return ours.empty() || holder_.element_type.empty() || ours == holder_.element_type;
  }
  bool element_agrees(TypeRef type) const {
    const GoType& of = program_.type(program_.underlying(type));
    return of.kind != GoType::Kind::Slice || element_agrees_with(of.elem);
  }

  // --- the search ---

  void enqueue(Step step) {
    if (step.place.empty() || step.distance > kMaxDistance || seen_.size() >= kMaxPlaces) return;
    // A function's results are followed once for each of its calls.
    auto key = step.place;
    if (step.call) key += "@" + std::to_string(step.call->id);
    if (!seen_.insert(std::move(key)).second) return;
    queue_.push_back(std::move(step));
  }

  // Flows into a variable or out of a function are those of its package.
  void walk_package_of(std::string_view place) {
    auto id_at = place.find("v:");
    bool result = id_at == std::string_view::npos;
    if (result) id_at = place.find("r:");
    if (id_at == std::string_view::npos || place.find("f:") < id_at) return;
    std::size_t id = 0;
    for (auto at = id_at + 2; at < place.size() && place[at] >= '0' && place[at] <= '9'; at++)
      id = id * 10 + static_cast<std::size_t>(place[at] - '0');
    if (id == 0) return;
    if (result && id <= program_.functions().size())
      flows_.add(*program_.functions()[id - 1].package);
    if (!result && id <= program_.variables().size())
      flows_.add(*program_.variables()[id - 1].package);
  }

  void follow(const Step& step) {
    walk_package_of(step.place);
    for (auto index : flows_.to(step.place)) follow_flow(step, flows_.all()[index]);
    for (auto index : flows_.address_of(step.place)) {
      const Flow& flow = flows_.all()[index];
      enqueue({"*" + flow.place, step.type, step.distance + 1, nullptr, nullptr, true});
    }
    follow_prefix(step, "*");
    follow_prefix(step, "[]");
    follow_prefix(step, "{}");
    follow_methods(step);
  }

  // Other names of the pointer, slice, map or channel that leads to the place.
  void follow_prefix(const Step& step, std::string_view prefix) {
    if (!step.place.starts_with(prefix)) return;
    auto holder = step.place.substr(prefix.size());
    for (auto index : flows_.to(holder)) {
      const Flow& flow = flows_.all()[index];
      const Value& value = flow.value;
      if (of_other_call(step, flow)) continue;
      if (value.kind == Value::Kind::Address && prefix == "*")
        enqueue({value.place, step.type, step.distance + 1, step.call, nullptr, step.entered});
      if (value.kind == Value::Kind::Alias || value.kind == Value::Kind::Call)
        enqueue({std::string(prefix) + value.place, step.type, step.distance + 1, step.call,
                 nullptr, step.entered});
    }
    for (auto index : flows_.copies_of(holder)) {
      const Flow& flow = flows_.all()[index];
      enqueue(
          {std::string(prefix) + flow.place, step.type, step.distance + 1, nullptr, nullptr, true});
    }
  }

  // Methods of a named slice type set it through their receiver.
  void follow_methods(const Step& step) {
    const GoType& type = program_.type(step.type);
    if (type.kind != GoType::Kind::Named || !type.decl) return;
    auto under = program_.type(program_.underlying(step.type)).kind;
    if (under != GoType::Kind::Slice) return;
    for (const auto& [name, method] : type.decl->methods)
      if (method->pointer_receiver && method->self)
        enqueue({"*" + variable_place(*method->self), step.type, step.distance + 1, nullptr,
                 nullptr, true});
  }

  // An argument that another caller of a function passes than the one by which the search came.
  static bool of_other_call(const Step& step, const Flow& flow) {
    if (!flow.argument) return false;
    if (step.call && step.call->value.callee && flow.value.kind != Value::Kind::Unknown)
      return !flow.statement.same(step.call->statement);
    return step.entered;
  }

  void follow_flow(const Step& step, const Flow& flow) {
    if (of_other_call(step, flow)) return;
    auto penalty = other_object(flow);
    if (penalty >= kNever) return;
    const Value& value = flow.value;
    switch (value.kind) {
      case Value::Kind::Reslice:
        return add(step, flow, penalty);
      case Value::Kind::Call:
        return enqueue({value.place, step.type, step.distance + 1, step.call ? step.call : &flow,
                        nullptr, step.entered});
      case Value::Kind::Alias:
        // Nobody sees the rest of the struct by such a slice.
        if (value.array_field && holder_.category == Category::Window) add(step, flow, penalty);
        if (bool exchanged = gives_to_each_other(flow.statement);
            value.place != step.place && (leads_on(value) || exchanged))
          enqueue({value.place, step.type, step.distance + 1, step.call,
                   step.place == start_ && !exchanged ? &flow : nullptr, step.entered});
        return;
      default:
        return;
    }
  }

  // Whether what another place holds is followed: only within the program's own flow, not into
  // variables and fields that are holders of their own.
  bool leads_on(const Value& value) const {
    if (value.place.starts_with("f:")) return false;
    const Variable* variable = value.root.variable;
    if (value.place.starts_with("v:") || value.place.starts_with("*v:"))
      return variable && is_local(*variable);
    return value.place.starts_with("r:");
  }

  void add(const Step& step, const Flow& flow, unsigned penalty) {
    if (found_.size() >= kMaxCandidates || library_clears(flow.value)) return;
    Candidate candidate;
    candidate.flow = flow;
    candidate.slice = flow.value;
    if (flow.value.array_field) candidate.slice.form = Form::Window;
    candidate.holder = start_;
    candidate.distance = step.distance;
    candidate.penalty = penalty;
    candidate.in_place = same_place(flow);
    candidate.misfit = misfit(candidate.slice.form, holder_.category, holder_.empty);
    // append(x[:i], y): what it cuts off is overwritten, as a rule.
    bool overwrites =
        flow.value.form == Form::Truncate && flow.value.expression.is("call_expression");
    if (overwrites && candidate.misfit < kNever) candidate.misfit++;
    // kept := x[:0] … x = kept: the second statement cuts x.
    bool filter = step.alias && flow.value.form == Form::Zero && flow.value.place == start_;
    if (filter) {
      candidate.flow = *step.alias;
      candidate.filter = candidate.in_place = true;
      candidate.misfit = misfit(Form::Truncate, holder_.category, holder_.empty);
    }
    // A function that cuts its parameter: its caller says which slice.
    const Variable* cut = flow.value.root.variable;
    if (step.call && cut && cut->parameter && cut->function == flow.function) {
      Candidate caller = candidate;
      caller.flow = *step.call;
      caller.through_call = true;
      caller.in_place = false;
      caller.distance = 0;
      if (caller.misfit < kNever) found_.push_back(std::move(caller));
      candidate.distance += kMaxDistance;
      candidate.of_helper = true;
    }
    if (candidate.misfit < kNever) found_.push_back(std::move(candidate));
  }

  // Whether whatever the value is of is memory of its own: what fmt.Sprint returns.
  bool is_own_memory(const Value& value, unsigned depth = 0) {
    if (value.kind == Value::Kind::Fresh) return true;
    const Variable* variable = value.root.variable;
    bool local = value.kind == Value::Kind::Alias && variable && is_local(*variable) &&
                 !variable->parameter && value.place == variable_place(*variable);
    if (depth > kMaxDistance || (!local && value.kind != Value::Kind::Call)) return false;
    walk_package_of(value.place);
    // By index: a package that is walked for the sake of one adds to them.
    bool any = false;
    for (std::size_t i = 0; i < flows_.to(value.place).size(); i++) {
      if (!is_own_memory(flows_.all()[flows_.to(value.place)[i]].value, depth + 1)) return false;
      any = true;
    }
    return any;
  }

  // Where nothing is seen to cut: the statements that give the holder what some function or
  // variable has. There a copy is made.
  void take_what_is_set() {
    for (std::size_t i = 0; i < flows_.to(start_).size(); i++) {
      const Flow& flow = flows_.all()[flows_.to(start_)[i]];
      bool literal = flow.value.kind == Value::Kind::Address || is_own_memory(flow.value);
      auto penalty = other_object(flow);
      if (literal || !flow.right || penalty >= kNever || found_.size() >= kMaxCandidates) continue;
      Candidate candidate;
      candidate.flow = flow;
      candidate.slice = flow.value;
      candidate.slice.form = Form::Window;
      candidate.slice.operand = flow.right;
      candidate.penalty = penalty;
      found_.push_back(std::move(candidate));
    }
  }

  // slices.Delete and the like clear what they cut since Go 1.22.
  bool library_clears(const Value& value) const {
    bool library = value.form == Form::DeleteSome || (value.form == Form::Delete && !value.rest);
    // golang.org/x/exp/slices has versions that do not.
    return library && value.standard && options_.go_minor >= 22;
  }

  // x = x[:n], or *h = old[:n] where old := *h.
  bool same_place(const Flow& flow) const {
    const Value& value = flow.value;
    if (value.place.empty()) return false;
    if (value.place == flow.place) return true;
    const Variable* variable = value.root.variable;
    if (!variable || !is_local(*variable) || value.place != variable_place(*variable)) return false;
    for (auto index : flows_.to(value.place))
      if (flows_.all()[index].value.place == flow.place) return true;
    return false;
  }

  // --- which object ---

  bool package_level(const Variable* variable) const { return variable && !is_local(*variable); }

  // Whether the flow sets a field of an object that cannot be the holder's (kNever), surely may
  // (0), or hardly will.
  unsigned other_object(const Flow& flow) const {
    bool field = flow.place.find("f:") != std::string::npos;
    if (!field) return 0;
    const Root& root = flow.root;
    if (holder_.kind == SliceHolder::Kind::Field) {
      // Its objects lie in the heap: no package-level variable is one of them.
      if (package_level(root.variable) && !root.pointer) return kNever;
      if (!root.variable || !is_local(*root.variable) || root.pointer) return 0;
      return goes_elsewhere(*root.variable) ? 1 : kNever;
    }
    if (!root_) return 0;
    bool behind = holder_.behind;
    if (root.variable == root_) return 0;
    if (root.fresh && !root.variable) return literal_of_other(flow, behind);
    if (!root.variable) return 1;
    if (package_level(root.variable) && root.pointer && points_to_root(*root.variable)) return 0;
    if (package_level(root.variable)) return kNever;
    if (!root.pointer) return goes_elsewhere(*root.variable) ? 2 : kNever;
    return other_pointer(*root.variable, behind);
  }

  // Whether a struct in a local variable is copied to somewhere, or pointed to.
  bool goes_elsewhere(const Variable& variable) const {
    auto place = variable_place(variable);
    bool result =
        variable.function && std::count(variable.function->named_results.begin(),
                                        variable.function->named_results.end(), &variable);
    return result || !flows_.from(place).empty() || !flows_.address_of(place).empty();
  }

  unsigned literal_of_other(const Flow& flow, bool behind) const {
    if (behind) return 1;
    if (flow.root.pointer) return kNever;
    Node left = flow.statement.field("left") ? flow.statement.field("left").first()
                                             : flow.statement.field("name");
    return left.text() == root_->name ? 0 : kNever;
  }

  bool points_to_root(const Variable& pointer) const {
    for (auto index : flows_.to(variable_place(pointer)))
      if (flows_.all()[index].value.root.variable == root_) return true;
    return false;
  }

  // A local pointer, a receiver, a parameter: what is it known to point to?
  unsigned other_pointer(const Variable& pointer, bool behind) const {
    bool all_fresh = true, all_others = true;
    const auto& flows = flows_.to(variable_place(pointer));
    for (auto index : flows) {
      const Value& value = flows_.all()[index].value;
      bool fresh = value.root.fresh && !value.root.variable && value.kind != Value::Kind::Call;
      all_fresh &= fresh;
      bool other = package_level(value.root.variable) && value.root.variable != root_ &&
                   !points_to_root(*value.root.variable);
      all_others &= other || fresh;
    }
    if (flows.empty()) return 0;
    if (all_fresh && !pointer.parameter) return behind ? 1 : kNever;
    if (all_others) return pointer.parameter ? 1 : kNever;
    return 0;
  }

  Flows& flows_;
  Program& program_;
  const SliceHolder& holder_;
  SearchOptions options_;
  const Variable* root_ = nullptr;
  const Variable* chosen_ = nullptr;  // a local that is to be searched
  std::string start_;
  std::deque<Step> queue_;
  std::unordered_set<std::string> seen_;
  std::vector<Candidate> found_;
};

}  // namespace

std::vector<Candidate> find_candidates(Flows& flows, const SliceHolder& holder,
                                       const SearchOptions& options) {
  return Search(flows, holder, options).run();
}

}  // namespace overhang::source
