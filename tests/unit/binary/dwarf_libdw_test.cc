// The reader against libdw's, entry by entry, over a whole executable.
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <map>

#include "binary/dwarf.h"
#include "unit/binary/go_build.h"

namespace overhang {
namespace {

using namespace test;

// Inlining, generics, closures, defers, wide frames: what the standard library has of them.
constexpr const char* kSource = R"(package main

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
)

func main() {
	tree, err := parser.ParseFile(token.NewFileSet(), os.Args[0], "package p; var x = 1", 0)
	out, _ := json.Marshal(tree)
	fmt.Println(len(out), err)
}
)";

std::string name_of(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  auto* name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
  return name ? name : "";
}

std::uint64_t number_of(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_attr(die, name, &attribute)) dwarf_formudata(&attribute, &value);
  return value;
}

DieOffset reference_of(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Die target;
  if (!dwarf_formref_die(dwarf_attr_integrate(die, name, &attribute), &target)) return 0;
  return dwarf_dieoffset(&target);
}

// DW_AT_location. Go writes expressions as DW_FORM_block1, as before DWARF 4, which libdw refuses;
// for the short ones that Go has DW_FORM_exprloc is the same bytes.
bool location_of(Dwarf_Die* die, Dwarf_Attribute* location) {
  if (!dwarf_attr(die, DW_AT_location, location)) return false;
  if (location->form == DW_FORM_block1) location->form = DW_FORM_exprloc;
  return true;
}

// The pieces that libdw's decoded operations come to, as text.
std::string text_of(const Dwarf_Op* ops, std::size_t count) {
  std::string out, place;
  for (std::size_t i = 0; i < count; i++) {
    auto& op = ops[i];
    if (op.atom == DW_OP_fbreg)
      place = fmt::format("cfa{:+}", static_cast<std::int64_t>(op.number));
    else if (op.atom == DW_OP_call_frame_cfa)
      place = "cfa+0";
    else if (op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31)
      place = fmt::format("reg{}", op.atom - DW_OP_reg0);
    else if (op.atom == DW_OP_deref)
      place = "*" + place;
    else if (op.atom == DW_OP_piece)
      out += fmt::format("[{}:{}]", std::exchange(place, ""), op.number);
    else
      place = fmt::format("op{:x}", op.atom);
  }
  return place.empty() ? out : out + "[" + place + ":0]";
}

std::string text_of(const std::vector<LocationPiece>& pieces) {
  std::string out;
  for (auto& piece : pieces) {
    std::string place;
    using Where = LocationPiece::Where;
    if (piece.where == Where::CfaOffset) place = fmt::format("cfa{:+}", piece.value);
    if (piece.where == Where::Indirect) place = fmt::format("*cfa{:+}", piece.value);
    if (piece.where == Where::Register) place = fmt::format("reg{}", piece.value);
    if (piece.where == Where::Memory || piece.where == Where::Constant) place = "other";
    out += fmt::format("[{}:{}]", place, piece.size);
  }
  return out;
}

// name, type, parameter or not, place: as libdw has them for the scopes that hold `pc`.
void collect(Dwarf_Die* scope, Dwarf_Addr pc, std::vector<std::string>& out) {
  Dwarf_Die child;
  if (dwarf_child(scope, &child) != 0) return;
  do {
    auto tag = dwarf_tag(&child);
    if (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) {
      if (dwarf_haspc(&child, pc) == 1) collect(&child, pc, out);
      continue;
    }
    if (tag != DW_TAG_variable && tag != DW_TAG_formal_parameter) continue;
    Dwarf_Attribute location;
    std::string place;
    Dwarf_Op* ops = nullptr;
    std::size_t count = 0;
    if (location_of(&child, &location) &&
        dwarf_getlocation_addr(&location, pc, &ops, &count, 1) == 1)
      place = text_of(ops, count);
    out.push_back(fmt::format("{} {:x} {} {}", name_of(&child), reference_of(&child, DW_AT_type),
                              tag == DW_TAG_formal_parameter, place));
  } while (dwarf_siblingof(&child, &child) == 0);
}

class AgainstLibdw : public testing::Test {
 protected:
  void SetUp() override {
    auto path = build_go(kSource);
    file_ = std::move(*ElfFile::open(path));
    ours_ = std::move(*Dwarf::open(*file_));
    fd_ = open(path.c_str(), O_RDONLY);
    theirs_ = dwarf_begin(fd_, DWARF_C_READ);
    ASSERT_TRUE(theirs_);
  }
  void TearDown() override {
    dwarf_end(theirs_);
    close(fd_);
  }
  // Calls visit for each entry on package level.
  template <class Visit>
  void each(Visit&& visit) {
    Dwarf_CU* unit = nullptr;
    Dwarf_Die top, child;
    while (dwarf_get_units(theirs_, unit, &unit, nullptr, nullptr, &top, nullptr) == 0) {
      if (number_of(&top, DW_AT_language) != DW_LANG_Go || dwarf_child(&top, &child) != 0) continue;
      do {
        visit(&child);
      } while (dwarf_siblingof(&child, &child) == 0);
    }
  }
  std::unique_ptr<ElfFile> file_;
  std::unique_ptr<Dwarf> ours_;
  int fd_ = -1;
  ::Dwarf* theirs_ = nullptr;
};

TEST_F(AgainstLibdw, GlobalsAndConstants) {
  std::vector<std::string> expected, found;
  std::map<std::string, std::int64_t> constants;
  each([&](Dwarf_Die* die) {
    Dwarf_Attribute attribute;
    if (dwarf_tag(die) == DW_TAG_constant) {
      Dwarf_Sword value = 0;
      dwarf_formsdata(dwarf_attr(die, DW_AT_const_value, &attribute), &value);
      constants.emplace(name_of(die), value);
    }
    Dwarf_Op* ops;
    std::size_t count;
    if (dwarf_tag(die) != DW_TAG_variable || !location_of(die, &attribute) ||
        dwarf_getlocation(&attribute, &ops, &count) != 0 || count != 1)
      return;
    Dwarf_Attribute resolved;
    auto address = ops[0].number;
    if (ops[0].atom == DW_OP_addrx) {
      ASSERT_EQ(dwarf_getlocation_attr(&attribute, ops, &resolved), 0);
      dwarf_formaddr(&resolved, &address);
    }
    expected.push_back(
        fmt::format("{} {:x} {:x}", name_of(die), address, reference_of(die, DW_AT_type)));
  });
  for (auto& global : ours_->globals())
    found.push_back(fmt::format("{} {:x} {:x}", global.name, global.address, global.type));
  EXPECT_EQ(found, expected);
  EXPECT_GT(found.size(), 300u);
  EXPECT_GT(constants.size(), 1000u);
  for (auto& [name, value] : constants) EXPECT_EQ(ours_->constant(name), value) << name;
}

TEST_F(AgainstLibdw, Types) {
  std::size_t types = 0, fields = 0;
  each([&](Dwarf_Die* die) {
    auto tag = dwarf_tag(die);
    bool structure = tag == DW_TAG_structure_type;
    if (!structure && tag != DW_TAG_base_type && tag != DW_TAG_array_type &&
        tag != DW_TAG_pointer_type)
      return;
    auto type = ours_->type(dwarf_dieoffset(die));
    ASSERT_TRUE(type);
    types++;
    EXPECT_EQ(type->name, name_of(die));
    EXPECT_EQ(type->size, tag == DW_TAG_pointer_type ? 8 : number_of(die, DW_AT_byte_size));
    EXPECT_EQ(type->elem, structure ? reference_of(die, 0x2902) : reference_of(die, DW_AT_type));
    Dwarf_Die child;
    std::size_t index = 0;
    if (structure && dwarf_child(die, &child) == 0) do {
        ASSERT_LT(index, type->fields.size());
        auto& field = type->fields[index++];
        EXPECT_EQ(field.name, name_of(&child));
        EXPECT_EQ(field.offset, number_of(&child, DW_AT_data_member_location));
        EXPECT_EQ(field.type, reference_of(&child, DW_AT_type));
        fields++;
      } while (dwarf_siblingof(&child, &child) == 0);
    EXPECT_EQ(index, type->fields.size());
  });
  EXPECT_GT(types, 1500u);
  EXPECT_GT(fields, 3000u);
}

TEST_F(AgainstLibdw, VariablesAtManyPcs) {
  std::size_t compared = 0, placed = 0;
  each([&](Dwarf_Die* die) {
    Dwarf_Addr low, high;
    if (dwarf_tag(die) != DW_TAG_subprogram || dwarf_lowpc(die, &low) != 0 ||
        dwarf_highpc(die, &high) != 0)
      return;
    for (auto pc : {low, low + (high - low) / 3, low + (high - low) * 2 / 3, high - 1}) {
      std::vector<std::string> expected, found;
      collect(die, pc, expected);
      for (auto& variable : ours_->variables(pc)) {
        found.push_back(fmt::format("{} {:x} {} {}", variable.name, variable.type,
                                    variable.parameter, text_of(variable.pieces)));
        placed += !variable.pieces.empty();
      }
      ASSERT_EQ(found, expected) << name_of(die) << fmt::format(" at {:x}", pc);
      compared += found.size();
    }
  });
  EXPECT_GT(compared, 20000u);
  EXPECT_GT(placed, 5000u);
}

}  // namespace
}  // namespace overhang
