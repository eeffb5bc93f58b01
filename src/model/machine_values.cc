#include <algorithm>

#include "model/machine.h"

namespace overhang::model {

Result<std::int64_t> Machine::number(const Expr& expr) {
  OVERHANG_TRY(auto found, value(expr));
  if (!found.type || found.type->kind != Kind::Number) return wrong(expr, "a number is expected");
  return found.number;
}

Result<std::uint64_t> Machine::size(const Expr& expr) {
  OVERHANG_TRY(auto found, number(expr));
  if (found < 0) return wrong(expr, "{} is negative", found);
  return static_cast<std::uint64_t>(found);
}

Result<Machine::Value> Machine::slice(const Expr& expr) {
  OVERHANG_TRY(auto found, value(expr));
  if (!found.type || (found.type->kind != Kind::Slice && found.type->kind != Kind::String))
    return wrong(expr, "a slice is expected");
  return found;
}

Result<Machine::Value> Machine::fitted(Value given, const Type* type, const Expr& from) const {
  if (!given.type) {
    if (type->kind != Kind::Pointer && type->kind != Kind::Slice && type->kind != Kind::Map)
      return wrong(from, "nil is no {}", type->name);
    return Value{type, 0, std::vector<Ref>(type->refs)};
  }
  bool numbers = given.type->kind == Kind::Number && type->kind == Kind::Number;
  if (numbers || given.type == type) return given;
  return wrong(from, "this is a {}, not a {}", given.type->name, type->name);
}

Result<Machine::Value> Machine::resliced(const Expr& expr) {
  OVERHANG_TRY(auto of, slice(expr.args[0]));
  const Ref base = of.refs[0];
  bool string = of.type->kind == Kind::String;
  std::uint64_t bound[3] = {0, base.len, base.cap};
  for (std::size_t i = 0; i < 3; i++) {
    if (expr.args[i + 1].op == Expr::Op::None) continue;
    OVERHANG_TRY(bound[i], size(expr.args[i + 1]));
  }
  auto [low, high, max] = bound;
  bool three = expr.args[3].op != Expr::Op::None;
  if (string && three) return wrong(expr, "a string has no capacity");
  if (max > base.cap)
    return wrong(expr, "slice bounds out of range [::{}] with capacity {}", max, base.cap);
  if (high > max && three) return wrong(expr, "slice bounds out of range [:{}:{}]", high, max);
  if (high > max)
    return wrong(expr, "slice bounds out of range [:{}] with {} {}", high,
                 string ? "length" : "capacity", base.cap);
  if (low > high) return wrong(expr, "slice bounds out of range [{}:{}]", low, high);
  return Value{of.type, 0, {Memory::reslice(base, low, high, string ? high : max)}};
}

Result<Machine::Value> Machine::appended(const Expr& expr) {
  OVERHANG_TRY(auto base, slice(expr.args[0]));
  if (base.type->kind != Kind::Slice) return wrong(expr, "append is for slices");
  const Type* elem = base.type->elem;
  std::vector<Ref> values;
  std::uint64_t added = expr.args.size() - 1;
  if (expr.spread) {
    OVERHANG_TRY(auto more, slice(expr.args[1]));
    if (more.type->elem != elem)
      return wrong(expr.args[1], "this is a {}, not a {}", more.type->name, base.type->name);
    values = memory_.read(more.refs[0]);
    added = more.refs[0].len;
  } else {
    for (std::size_t i = 1; i < expr.args.size(); i++) {
      OVERHANG_TRY(auto one, value(expr.args[i]));
      OVERHANG_TRY(one, fitted(std::move(one), elem, expr.args[i]));
      values.insert(values.end(), one.refs.begin(), one.refs.end());
    }
  }
  const Ref from = base.refs[0];
  if (from.len + added > from.cap) OVERHANG_CHECK(room_for(2 * (from.len + added), elem, expr));
  return Value{base.type, 0, {memory_.append(from, elem, values, added)}};
}

Result<Machine::Value> Machine::made(const Expr& expr) {
  if (expr.type->kind == Kind::Map) return Value{expr.type, 1};
  if (expr.type->kind != Kind::Slice) return wrong(expr, "make is for slices and maps");
  OVERHANG_TRY(auto len, size(expr.args[0]));
  auto cap = len;
  if (expr.args.size() > 1) {
    OVERHANG_TRY(cap, size(expr.args[1]));
  }
  if (len > cap) return wrong(expr, "len larger than cap in make({})", expr.type->name);
  OVERHANG_CHECK(room_for(cap, expr.type->elem, expr));
  return Value{expr.type, 0, {memory_.allocate_array(expr.type->elem, len, cap)}};
}

Result<Machine::Value> Machine::composite(const Expr& expr) {
  const Type* type = expr.type;
  if (type->kind == Kind::Map) return Value{type, 1};
  std::vector<Ref> refs(type->kind == Kind::Struct ? type->refs : 0);
  for (std::size_t i = 0; i < expr.args.size(); i++) {
    const Field* field = type->kind == Kind::Struct ? type->field(expr.names[i]) : nullptr;
    OVERHANG_TRY(auto part, value(expr.args[i]));
    OVERHANG_TRY(part, fitted(std::move(part), field ? field->type : type->elem, expr.args[i]));
    if (field)
      std::copy(part.refs.begin(), part.refs.end(),
                refs.begin() + static_cast<std::ptrdiff_t>(field->ref));
    else
      refs.insert(refs.end(), part.refs.begin(), part.refs.end());
  }
  if (type->kind == Kind::Struct) return Value{type, 0, std::move(refs)};
  auto count = expr.args.size();
  OVERHANG_CHECK(room_for(count, type->elem, expr));
  auto array = memory_.allocate_array(type->elem, count, count);
  if (!array.nowhere()) memory_[array.object].refs = std::move(refs);
  return Value{type, 0, {array}};
}

Result<Machine::Value> Machine::address(const Expr& expr) {
  const Expr& of = expr.args[0];
  if (of.op == Expr::Op::Index) {
    OVERHANG_TRY(auto found, element(of));
    return Value{types_->pointer_to(found.type), 0, {found.slot}};
  }
  OVERHANG_TRY(auto contents, composite(of));
  OVERHANG_CHECK(room_for(1, of.type, expr));
  auto made = memory_.allocate(of.type);
  memory_[made.object].refs = std::move(contents.refs);
  return Value{types_->pointer_to(of.type), 0, {made}};
}

Result<Machine::Value> Machine::repeated(const Expr& expr) {
  OVERHANG_TRY(auto times, size(expr.args[1]));
  const Expr& text = expr.args[0];
  if (text.op != Expr::Op::Text) return wrong(text, "a text in quotes is expected");
  auto bytes = static_cast<std::uint64_t>(text.number);
  const Type* type = types_->named("string");
  if (times > 0 && bytes > (std::uint64_t{1} << 32) / times)
    return wrong(expr, "the script takes more memory than a model should");
  if (times == 0) return Value{type, 0, {Ref{}}};
  if (times == 1) return value(text);
  OVERHANG_CHECK(room_for(bytes * times, type->elem, expr));
  return Value{type, 0, {memory_.allocate_array(type->elem, bytes * times, bytes * times)}};
}

Result<Machine::Value> Machine::cloned(const Expr& expr) {
  OVERHANG_TRY(auto of, slice(expr.args[0]));
  const Ref from = of.refs[0];
  const Type* elem = of.type->elem;
  OVERHANG_CHECK(room_for(2 * from.len, elem, expr));
  if (of.type->kind == Kind::String && from.len == 0) return Value{of.type, 0, {Ref{}}};
  if (of.type->kind == Kind::String)
    return Value{of.type, 0, {memory_.allocate_array(elem, from.len, from.len)}};
  return Value{of.type, 0, {memory_.append({}, elem, memory_.read(from), from.len)}};
}

Result<std::int64_t> Machine::copied(const Expr& expr) {
  OVERHANG_TRY(auto to, slice(expr.args[0]));
  OVERHANG_TRY(auto from, slice(expr.args[1]));
  if (to.type->kind != Kind::Slice || to.type->elem != from.type->elem)
    return wrong(expr, "copy from a {} to a {}", from.type->name, to.type->name);
  return static_cast<std::int64_t>(memory_.copy(to.refs[0], from.refs[0]));
}

Result<Machine::Value> Machine::computed(const Expr& expr) {
  OVERHANG_TRY(auto a, number(expr.args[0]));
  OVERHANG_TRY(auto b, number(expr.args[1]));
  std::int64_t out = 0;
  bool overflow = false;
  switch (expr.name[0]) {
    case '+':
      overflow = __builtin_add_overflow(a, b, &out);
      break;
    case '-':
      overflow = __builtin_sub_overflow(a, b, &out);
      break;
    case '*':
      overflow = __builtin_mul_overflow(a, b, &out);
      break;
    default:
      if (b == 0) return wrong(expr, "division by zero");
      overflow = b == -1;
      if (!overflow) out = expr.name[0] == '/' ? a / b : a % b;
  }
  if (overflow) return wrong(expr, "the result is too large a number");
  return Value{types_->number(), out};
}

}  // namespace overhang::model
