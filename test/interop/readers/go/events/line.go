package events

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// Message is one that was read. Its attributes come from the headers, or from an SDK.
type Message struct {
	Partition  int32
	Offset     int64
	Key        []byte
	Attributes map[string]string
	Value      []byte
}

// Line is what event_lines.py describes.
func (d Decoder) Line(ctx context.Context, message Message, keyFormat string) (string, error) {
	key := string(message.Key)
	if keyFormat == "avro" {
		if err := d.Decode(ctx, message.Key, &key); err != nil {
			return "", err
		}
	}
	var order Order
	if err := d.Decode(ctx, message.Value, &order); err != nil {
		return "", err
	}
	columns := []string{fmt.Sprint(message.Partition), fmt.Sprint(message.Offset), hexOf(key)}
	for _, name := range []string{
		"id", "source", "type", "subject", "time", "sequence", "datacontenttype",
	} {
		attribute, there := message.Attributes[name]
		if !there {
			return "", fmt.Errorf("there is no %s", name)
		}
		if name == "subject" {
			attribute = hexOf(attribute)
		}
		columns = append(columns, attribute)
	}
	items := make([]string, len(order.Items))
	for index, item := range order.Items {
		items[index] = fmt.Sprintf("%s/%d/%s", hexOf(item.ItemID), item.Quantity, bitsOf(item.Price))
	}
	columns = append(columns,
		hexOf(order.OrderID), hexOf(order.CustomerID), order.OrderDate, order.Currency, order.Status,
		bitsOf(order.TotalAmount), strings.Join(items, ","))
	return strings.Join(columns, " "), nil
}

func hexOf(text string) string {
	return hex.EncodeToString([]byte(text))
}

func bitsOf(amount float64) string {
	return fmt.Sprintf("%016x", math.Float64bits(amount))
}
