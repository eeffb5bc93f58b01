module overhang.subjects/attach_server

go 1.19
