#include "cli/completion.h"

#include "cli/completion_parts.h"

namespace overhang {

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return bash_completion();
  if (shell == "zsh") return zsh_completion();
  if (shell == "fish") return fish_completion();
  return fail(ErrorKind::Usage, "--completion {}: shells are bash, zsh and fish", shell);
}

}  // namespace overhang
