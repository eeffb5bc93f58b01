#include "goruntime/machine_code.h"

#include "goruntime/amd64_code.h"
#include "goruntime/arm64_code.h"

namespace overhang::machine {

const Machine* machine_for(Architecture architecture) {
  switch (architecture) {
    case Architecture::Amd64:
      return &amd64::kMachine;
    case Architecture::Arm64:
      return &arm64::kMachine;
    default:
      return nullptr;
  }
}

}  // namespace overhang::machine
