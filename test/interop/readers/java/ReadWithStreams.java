import io.apicurio.registry.serde.avro.AvroSerde;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/** Kafka Streams with Apicurio's serde. */
final class ReadWithStreams {
  public static void main(String[] args) throws Exception {
    Map<String, String> options = Reader.options(args);
    Properties settings = Reader.apicurio(options);
    settings.put("bootstrap.servers", options.get("bootstrap-servers"));
    settings.put("application.id", "interop-" + UUID.randomUUID());
    settings.put("state.dir", options.get("state-dir"));
    CountDownLatch left = new CountDownLatch(Integer.parseInt(options.get("count")));
    StreamsBuilder builder = new StreamsBuilder();
    AvroSerde<GenericRecord> values = new AvroSerde<>();
    values.configure(Reader.asMap(settings), false);
    if (options.get("key-format").equals("avro")) {
      AvroSerde<Object> keys = new AvroSerde<>();
      keys.configure(Reader.asMap(settings), true);
      read(builder, options.get("topic"), keys, values, left);
    } else {
      read(builder, options.get("topic"), Serdes.String(), values, left);
    }
    try (KafkaStreams streams = new KafkaStreams(builder.build(), settings)) {
      streams.start();
      left.await(Reader.WAIT_MS, TimeUnit.MILLISECONDS);
    }
  }

  private static <Key> void read(
      StreamsBuilder builder, String topic, Serde<Key> keys, Serde<GenericRecord> values,
      CountDownLatch left) {
    builder.stream(topic, Consumed.with(keys, values)).process(() -> new Printer<Key>(left));
  }

  private static final class Printer<Key>
      extends ContextualProcessor<Key, GenericRecord, Void, Void> {
    private final CountDownLatch left;

    Printer(CountDownLatch left) {
      this.left = left;
    }

    @Override
    public void process(Record<Key, GenericRecord> record) {
      // Events of the replaced service have no headers.
      if (!record.headers().iterator().hasNext()) return;
      var place = context().recordMetadata().orElseThrow();
      System.out.println(
          Reader.line(
              place.partition(), place.offset(), record.key(),
              Reader.attributes(record.headers()), record.value()));
      left.countDown();
    }
  }
}
