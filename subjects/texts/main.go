// Heavy users of the standard library: compiled regular expressions, templates, encoders and their
// caches, parsed Go source, compressors, flags, hashes, big buffers.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"hash/fnv"
	"html/template"
	"io"
	"log"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	texttemplate "text/template"

	"overhang.subjects/kit"
)

type row struct {
	XMLName xml.Name          `xml:"row" json:"-"`
	Name    string            `xml:"name,attr" json:"name"`
	Values  []float64         `xml:"value" json:"values"`
	Extra   map[string]string `xml:"-" json:"extra"`
	Child   *row              `xml:"child" json:"child"`
}

var (
	patterns  []*regexp.Regexp
	matches   [][]string
	templates []*template.Template
	texts     *texttemplate.Template
	rows      []*row
	parsed    any
	files     = token.NewFileSet()
	tree      *ast.File
	zipped    bytes.Buffer
	writer    *gzip.Writer
	flags     = flag.NewFlagSet("subject", flag.ContinueOnError)
	logger    = log.New(io.Discard, "subject ", log.LstdFlags)
	encoder   *gob.Encoder
	gobs      bytes.Buffer
	scanner   *bufio.Scanner
	links     []*url.URL
	sums      []io.Writer
)

const source = `package p
import "fmt"
type T[K comparable] struct { a map[K]*T[K]; b []func(int) string }
func (t *T[K]) F(x int) (y string) { for i := range t.b { y += fmt.Sprint(t.b[i](x)) }; return }
`

func expressions() {
	for i := 0; i < 10; i++ {
		re := regexp.MustCompile(`^(\w+)-(?P<n>[0-9]{1,` + strconv.Itoa(3+i) + `})(\s+(a|b|cc)*)?$`)
		matches = append(matches, re.FindStringSubmatch("word-"+strconv.Itoa(i)+" abcc"))
		patterns = append(patterns, re)
		re.ReplaceAllString(strings.Repeat("x-1 ", 50), "$n")
		t := template.Must(template.New("t" + strconv.Itoa(i)).Parse(`<p title="{{.Name}}">{{range $i, $v := .Values}}{{$i}}={{$v}},{{end}}</p>`))
		t.Execute(io.Discard, &row{Name: "n", Values: []float64{1, 2}})
		templates = append(templates, t)
		u, _ := url.Parse("https://user:pass@example.org:80/path/" + strconv.Itoa(i) + "?q=1#f")
		links = append(links, u)
		h := fnv.New64a()
		h.Write([]byte(u.Path))
		sums = append(sums, h)
	}
	texts = texttemplate.Must(texttemplate.New("a").Funcs(texttemplate.FuncMap{"up": strings.ToUpper}).Parse(`{{define "b"}}{{. | up}}{{end}}{{template "b" "x"}}`))
	texts.Execute(io.Discard, nil)
}

func codecs() {
	encoder = gob.NewEncoder(&gobs)
	for i := 0; i < 50; i++ {
		r := &row{Name: "row " + strconv.Itoa(i), Values: []float64{float64(i)}, Extra: map[string]string{"k": "v"}, Child: &row{Name: "child"}}
		data, _ := json.Marshal(r)
		back := &row{}
		json.Unmarshal(data, back)
		markup, err := xml.Marshal(r)
		if err == nil {
			xml.Unmarshal(markup, back)
		}
		rows = append(rows, back)
		encoder.Encode(r.Values)
	}
	json.Unmarshal([]byte(`{"a": [1, {"b": null, "c": "text"}, true], "d": {"e": 1e9}}`), &parsed)
	var err error
	if tree, err = parser.ParseFile(files, "p.go", source, parser.ParseComments); err != nil {
		panic(err)
	}
	writer = gzip.NewWriter(&zipped)
	io.WriteString(writer, strings.Repeat(source, 20))
	writer.Flush()
	flags.String("name", "value", "usage")
	flags.Int("n", 5, "usage")
	flags.Parse([]string{"-n", "7", "rest"})
	logger.Printf("%v %+v %T", parsed, rows[0], tree)
	scanner = bufio.NewScanner(strings.NewReader(strings.Repeat("a line\n", 100)))
	scanner.Scan()
}

func main() {
	kit.Spread(expressions)
	kit.Spread(codecs)
	kit.Serve()
}
