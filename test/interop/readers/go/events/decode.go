// Package events has what the readers in Go share: orders by the registry alone, and the line that
// event_lines.py describes.
package events

import (
	"context"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"
)

type Item struct {
	ItemID   string  `avro:"itemId"`
	Quantity int     `avro:"quantity"`
	Price    float64 `avro:"price"`
}

type Order struct {
	OrderID     string  `avro:"orderId"`
	CustomerID  string  `avro:"customerId"`
	OrderDate   string  `avro:"orderDate"`
	Items       []Item  `avro:"items"`
	TotalAmount float64 `avro:"totalAmount"`
	Currency    string  `avro:"currency"`
	Status      string  `avro:"status"`
}

// Decoder reads bytes in the wire format by the schema that they name.
type Decoder struct {
	registry *sr.Client
	schemas  map[int]avro.Schema
}

func NewDecoder(registryURL string) (Decoder, error) {
	registry, err := sr.NewClient(sr.URLs(registryURL))
	return Decoder{registry, map[int]avro.Schema{}}, err
}

func (d Decoder) Decode(ctx context.Context, bytes []byte, into any) error {
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
