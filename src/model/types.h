// The types of a script, laid out as Go lays them out on 64 bits.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace overhang::model {

// What a value refers to is all that the machine keeps of it: numbers have a size and no value.
enum class Kind : std::uint8_t { Number, Struct, Array, Pointer, Slice, String, Map };

struct Type;

struct Field {
  std::string name;
  const Type* type = nullptr;
  std::uint64_t offset = 0;  // bytes from the struct's start
  std::uint64_t ref = 0;     // index of its first reference among the struct's
};

struct Type {
  Kind kind = Kind::Number;
  std::string name;  // "Conn", "[]*Conn"
  std::uint64_t size = 0, align = 1;
  std::uint64_t refs = 0;      // references that a value holds: pointers, slices and strings
  const Type* elem = nullptr;  // of pointers, slices, arrays and strings; of a map, the value's
  const Type* key = nullptr;
  std::uint64_t length = 0;  // of an array
  std::vector<Field> fields{};

  bool pointers() const { return refs > 0; }
  const Field* field(std::string_view wanted) const;
};

// Owns the types; each type is one object for as long as this lives.
class Types {
 public:
  Types();
  Types(const Types&) = delete;
  Types& operator=(const Types&) = delete;

  // A number, string or declared struct; nullptr: there is none of that name.
  const Type* named(std::string_view name) const;
  const Type* pointer_to(const Type* elem);
  const Type* slice_of(const Type* elem);
  const Type* array_of(std::uint64_t length, const Type* elem);
  const Type* map_of(const Type* key, const Type* value);
  // Names a struct whose fields follow by complete(), so that they may point to it.
  Type* declare(const std::string& name);
  // Lays the struct out: offsets, size, references.
  static void complete(Type* type, std::vector<Field> fields);

  const Type* number() const { return named("int"); }

 private:
  const Type* add(Type type);
  std::deque<Type> types_;
  std::map<std::string, Type*, std::less<>> by_name_;
};

}  // namespace overhang::model
