package main

import (
	"fmt"
	"go/build"
	"go/constant"
	"go/importer"
	"go/token"
	"go/types"
	"strings"
)

// constants evaluates package-level constants of one release's standard library.
type constants struct {
	importer types.Importer
	packages map[string]*types.Package
}

func newConstants(goroot, arch string, toolTags []string) *constants {
	// The source importer reads build.Default each time it looks a package up.
	build.Default.GOROOT = goroot
	build.Default.GOOS = "linux"
	build.Default.GOARCH = arch
	build.Default.CgoEnabled = false
	build.Default.ToolTags = toolTags
	return &constants{
		importer: importer.ForCompiler(token.NewFileSet(), "source", nil),
		packages: map[string]*types.Package{},
	}
}

// value evaluates "path/of/package.Name". Values above the signed range come out as the signed
// number with the same 64 bits.
func (c *constants) value(name string) (int64, bool, error) {
	dot := strings.LastIndex(name, ".")
	path, ident := name[:dot], name[dot+1:]
	pkg, seen := c.packages[path]
	if !seen {
		if _, err := build.Default.Import(path, "", build.FindOnly); err == nil {
			if pkg, err = c.importer.Import(path); err != nil {
				return 0, false, err
			}
		}
		c.packages[path] = pkg
	}
	if pkg == nil {
		return 0, false, nil
	}
	object, ok := pkg.Scope().Lookup(ident).(*types.Const)
	if !ok {
		return 0, false, nil
	}
	number := constant.ToInt(object.Val())
	if v, exact := constant.Int64Val(number); exact {
		return v, true, nil
	}
	if v, exact := constant.Uint64Val(number); exact {
		return int64(v), true, nil
	}
	return 0, false, fmt.Errorf("%s = %s does not fit in 64 bits", name, object.Val())
}
