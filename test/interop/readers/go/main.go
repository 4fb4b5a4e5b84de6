// Reads the events by a Kafka client, a registry client and an Avro library of Go. Prints one line for
// each, as event_lines.py says.
package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"strings"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
)

const wait = 60 * time.Second

type item struct {
	ItemID   string  `avro:"itemId"`
	Quantity int     `avro:"quantity"`
	Price    float64 `avro:"price"`
}

type order struct {
	OrderID     string  `avro:"orderId"`
	CustomerID  string  `avro:"customerId"`
	OrderDate   string  `avro:"orderDate"`
	Items       []item  `avro:"items"`
	TotalAmount float64 `avro:"totalAmount"`
	Currency    string  `avro:"currency"`
	Status      string  `avro:"status"`
}

// decoder reads bytes in the wire format by the schema that they name.
type decoder struct {
	registry *sr.Client
	schemas  map[int]avro.Schema
}

func (d decoder) decode(ctx context.Context, bytes []byte, into any) error {
	var header sr.ConfluentHeader
	id, rest, err := header.DecodeID(bytes)
	if err != nil {
		return err
	}
	schema, known := d.schemas[id]
	if !known {
		found, err := d.registry.SchemaByID(ctx, id)
		if err != nil {
			return err
		}
		if schema, err = avro.Parse(found.Schema); err != nil {
			return err
		}
		d.schemas[id] = schema
	}
	return avro.Unmarshal(schema, rest, into)
}

func main() {
	servers := flag.String("bootstrap-servers", "", "")
	registryURL := flag.String("schema-registry", "", "")
	topic := flag.String("topic", "", "")
	keyFormat := flag.String("key-format", "string", "")
	count := flag.Int("count", 0, "how many events there are")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	registry, err := sr.NewClient(sr.URLs(*registryURL))
	check(err)
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(*servers, ",")...),
		kgo.ConsumeTopics(*topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	check(err)
	defer client.Close()
	read := decoder{registry, map[int]avro.Schema{}}
	for seen := 0; seen < *count; {
		fetches := client.PollFetches(ctx)
		check(fetches.Err())
		for _, record := range fetches.Records() {
			// Events of the replaced service have no headers.
			if len(record.Headers) == 0 {
				continue
			}
			line, err := lineOf(ctx, read, record, *keyFormat)
			check(err)
			fmt.Println(line)
			seen++
		}
	}
}

func lineOf(ctx context.Context, read decoder, record *kgo.Record, keyFormat string) (string, error) {
	key := string(record.Key)
	if keyFormat == "avro" {
		if err := read.decode(ctx, record.Key, &key); err != nil {
			return "", err
		}
	}
	var value order
	if err := read.decode(ctx, record.Value, &value); err != nil {
		return "", err
	}
	headers := map[string]string{}
	for _, header := range record.Headers {
		headers[header.Key] = string(header.Value)
	}
	for _, name := range []string{"ce_subject", "ce_sequence", "ce_type"} {
		if _, there := headers[name]; !there {
			return "", errors.New("there is no " + name)
		}
	}
	return fmt.Sprintf("%d %d %s %s %s %s %s %s %016x %d",
		record.Partition, record.Offset, hexOf(key), hexOf(headers["ce_subject"]),
		headers["ce_sequence"], headers["ce_type"], hexOf(value.OrderID), value.Status,
		math.Float64bits(value.TotalAmount), len(value.Items)), nil
}

func hexOf(text string) string {
	return hex.EncodeToString([]byte(text))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
