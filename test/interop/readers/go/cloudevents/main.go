// Reads the events by the CloudEvents SDK for Go and its binding for Kafka, which is that of Sarama:
// attributes from the headers, data from the value. Prints one line for each, as event_lines.py says.
package main

import (
	"context"
	"fmt"

	"cart-service/interop/events"

	"github.com/IBM/sarama"
	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/types"
)

func main() {
	options := events.ReadOptions()
	ctx, cancel := context.WithTimeout(context.Background(), events.Wait)
	defer cancel()
	decoder, err := events.NewDecoder(options.Registry)
	events.Check(err)
	consumer, err := sarama.NewConsumer(options.Servers, sarama.NewConfig())
	events.Check(err)
	for seen, records := 0, recordsOf(consumer, options.Topic); seen < options.Count; {
		select {
		case record := <-records:
			// Events of the replaced service have no headers.
			if len(record.Headers) == 0 {
				continue
			}
			message, err := messageOf(ctx, record)
			events.Check(err)
			line, err := decoder.Line(ctx, message, options.KeyFormat)
			events.Check(err)
			fmt.Println(line)
			seen++
		case <-ctx.Done():
			events.Check(ctx.Err())
		}
	}
}

// recordsOf has those of all partitions, from the first one on; it ends with the process.
func recordsOf(consumer sarama.Consumer, topic string) <-chan *sarama.ConsumerMessage {
	records := make(chan *sarama.ConsumerMessage)
	partitions, err := consumer.Partitions(topic)
	events.Check(err)
	for _, partition := range partitions {
		of, err := consumer.ConsumePartition(topic, partition, sarama.OffsetOldest)
		events.Check(err)
		go func() {
			for record := range of.Messages() {
				records <- record
			}
		}()
	}
	return records
}

func messageOf(ctx context.Context, record *sarama.ConsumerMessage) (events.Message, error) {
	event, err := binding.ToEvent(ctx, kafka_sarama.NewMessageFromConsumerMessage(record))
	if err != nil {
		return events.Message{}, err
	}
	if err := event.Validate(); err != nil {
		return events.Message{}, err
	}
	sequence, err := types.Format(event.Extensions()["sequence"])
	if err != nil {
		return events.Message{}, err
	}
	return events.Message{
		Partition: record.Partition,
		Offset:    record.Offset,
		Key:       record.Key,
		Attributes: map[string]string{
			"id":              event.ID(),
			"source":          event.Source(),
			"type":            event.Type(),
			"subject":         event.Subject(),
			"time":            event.Time().UTC().Format("2006-01-02T15:04:05.000Z07:00"),
			"sequence":        sequence,
			"datacontenttype": event.DataContentType(),
		},
		Value: event.Data(),
	}, nil
}
