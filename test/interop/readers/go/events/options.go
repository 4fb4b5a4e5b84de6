package events

import (
	"flag"
	"log"
	"strings"
	"time"
)

// Wait bounds a reader's whole run.
const Wait = 60 * time.Second

type Options struct {
	Servers   []string
	Registry  string
	Topic     string
	KeyFormat string
	// How many events there are.
	Count int
}

func ReadOptions() Options {
	var options Options
	servers := flag.String("bootstrap-servers", "", "")
	flag.StringVar(&options.Registry, "schema-registry", "", "")
	flag.StringVar(&options.Topic, "topic", "", "")
	flag.StringVar(&options.KeyFormat, "key-format", "string", "")
	flag.IntVar(&options.Count, "count", 0, "")
	flag.Parse()
	options.Servers = strings.Split(*servers, ",")
	return options
}

func Check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
