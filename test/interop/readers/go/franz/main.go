// Reads the events by a Kafka client, a registry client and an Avro library of Go. Prints one line for
// each, as event_lines.py says.
package main

import (
	"context"
	"fmt"
	"strings"

	"cart-service/interop/events"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	options := events.ReadOptions()
	ctx, cancel := context.WithTimeout(context.Background(), events.Wait)
	defer cancel()
	decoder, err := events.NewDecoder(options.Registry)
	events.Check(err)
	client, err := kgo.NewClient(
		kgo.SeedBrokers(options.Servers...),
		kgo.ConsumeTopics(options.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	events.Check(err)
	defer client.Close()
	for seen := 0; seen < options.Count; {
		fetches := client.PollFetches(ctx)
		events.Check(fetches.Err())
		for _, record := range fetches.Records() {
			// Events of the replaced service have no headers.
			if len(record.Headers) == 0 {
				continue
			}
			line, err := decoder.Line(ctx, messageOf(record), options.KeyFormat)
			events.Check(err)
			fmt.Println(line)
			seen++
		}
	}
}

func messageOf(record *kgo.Record) events.Message {
	attributes := map[string]string{}
	for _, header := range record.Headers {
		name := strings.TrimPrefix(header.Key, "ce_")
		if name == "content-type" {
			name = "datacontenttype"
		}
		attributes[name] = string(header.Value)
	}
	return events.Message{
		Partition:  record.Partition,
		Offset:     record.Offset,
		Key:        record.Key,
		Attributes: attributes,
		Value:      record.Value,
	}
}
