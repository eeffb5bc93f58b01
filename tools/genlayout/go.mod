module overhang/tools/genlayout

go 1.22
