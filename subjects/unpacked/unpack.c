// Runs a static program as an executable packer (UPX) does: from memory that no file stands behind.
// unpack PROGRAM [ARGUMENT...]
#define _GNU_SOURCE
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static char file[64 << 20];

int main(int argc, char **argv) {
  FILE *in = argc > 1 ? fopen(argv[1], "rb") : NULL;
  if (!in || fread(file, 1, sizeof file, in) < sizeof(Elf64_Ehdr)) return 1;
  fclose(in);
  const Elf64_Ehdr *header = (const void *)file;
  const Elf64_Phdr *segments = (const void *)(file + header->e_phoff);
  const uintptr_t bias = header->e_type == ET_DYN ? 0x300000000000 : 0;
  for (int i = 0; i < header->e_phnum; i++) {
    const Elf64_Phdr *s = &segments[i];
    if (s->p_type != PT_LOAD) continue;
    char *start = (char *)((s->p_vaddr + bias) & ~(uintptr_t)4095);
    size_t size = (s->p_vaddr + bias + s->p_memsz + 4095 - (uintptr_t)start) & ~(size_t)4095;
    if (mmap(start, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
             -1, 0) != start)
      return 2;
    memcpy((char *)(s->p_vaddr + bias), file + s->p_offset, s->p_filesz);
  }
  // Relocations of a position-independent program without an interpreter: R_*_RELATIVE alone.
  for (int i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type != PT_DYNAMIC) continue;
    const Elf64_Dyn *entry = (const void *)(segments[i].p_vaddr + bias);
    const Elf64_Rela *from = NULL;
    size_t bytes = 0;
    for (; entry->d_tag != DT_NULL; entry++) {
      if (entry->d_tag == DT_RELA) from = (const void *)(entry->d_un.d_ptr + bias);
      if (entry->d_tag == DT_RELASZ) bytes = entry->d_un.d_val;
    }
    for (size_t j = 0; from && j < bytes / sizeof *from; j++)
      *(uintptr_t *)(from[j].r_offset + bias) = from[j].r_addend + bias;
  }
  for (int i = 0; i < header->e_phnum; i++) {
    const Elf64_Phdr *s = &segments[i];
    if (s->p_type != PT_LOAD) continue;
    char *start = (char *)((s->p_vaddr + bias) & ~(uintptr_t)4095);
    size_t size = (s->p_vaddr + bias + s->p_memsz + 4095 - (uintptr_t)start) & ~(size_t)4095;
    mprotect(start, size, (s->p_flags & PF_R ? PROT_READ : 0) | (s->p_flags & PF_W ? PROT_WRITE : 0) |
                              (s->p_flags & PF_X ? PROT_EXEC : 0));
  }
  // The kernel left argc below argv: the program's stands where our own name does.
  uintptr_t *stack = (uintptr_t *)argv;
  *stack = (uintptr_t)(argc - 1);
  uintptr_t entry = header->e_entry + bias;
  __asm__ volatile("mov %0, %%rsp\n\txor %%edx, %%edx\n\tjmp *%1" ::"r"(stack), "r"(entry));
  return 3;
}
