// Go executables for the tests of this folder, and the tools that say independently what is in
// them.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace overhang::test {

inline std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// What a shell command prints. Throws where it fails.
inline std::string output_of(const std::string& command) {
  auto* pipe = popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string out;
  char buffer[65536];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  if (int status = pclose(pipe); status != 0)
    throw std::runtime_error(command + " failed:\n" + out);
  return out;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

inline std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> out;
  std::istringstream in(line);
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

// A folder of this user's for built programs; kept, since every test is a process of its own.
inline std::filesystem::path scratch() {
  auto path =
      std::filesystem::temp_directory_path() / ("overhang-binary-test-" + std::to_string(getuid()));
  std::filesystem::create_directories(path);
  return path;
}

// Builds a main package of one file with the Go at hand (or that GOTOOLCHAIN names) and gives the
// executable's path.
inline std::string build_go(const std::string& source, const std::string& flags = "") {
  static const auto version = output_of("cd " + quoted(scratch()) + " && go version");
  auto id = std::hash<std::string>{}(source + '\0' + flags + '\0' + version);
  auto folder = scratch() / std::to_string(id);
  auto executable = folder / "program";
  if (std::filesystem::exists(executable)) return executable;
  auto fresh = scratch() / (std::to_string(id) + "." + std::to_string(getpid()));
  std::filesystem::create_directories(fresh);
  std::ofstream(fresh / "go.mod") << "module program\n\ngo 1.22\n";
  std::ofstream(fresh / "main.go") << source;
  output_of("cd " + quoted(fresh) + " && go build -o program " + flags + " . 2>&1");
  std::error_code raced;  // another test may have put it there meanwhile
  std::filesystem::rename(fresh, folder, raced);
  if (raced) std::filesystem::remove_all(fresh);
  return executable;
}

inline std::vector<char> file_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file that is gone when the test is.
class TemporaryFile {
 public:
  TemporaryFile() : path_(scratch() / ("file." + std::to_string(getpid()) + "." + next())) {}
  explicit TemporaryFile(std::span<const char> bytes) : TemporaryFile() { write(bytes); }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::span<const char> bytes) {
    std::ofstream out(path_, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  std::string path() const { return path_; }

 private:
  static std::string next() {
    static int count = 0;
    return std::to_string(count++);
  }
  std::filesystem::path path_;
};

// The version of the toolchain that builds, as "go1.26.8".
inline std::string go_toolchain_version() {
  return words_of(output_of("cd " + quoted(scratch()) + " && go version")).at(2);
}

inline int go_toolchain_minor() {
  return std::atoi(go_toolchain_version().c_str() + std::string("go1.").size());
}

}  // namespace overhang::test
