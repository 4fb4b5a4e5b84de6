import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.List;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Kafka's own consumer with Apicurio's Avro deserializer. */
final class ReadWithSerde {
  public static void main(String[] args) {
    Map<String, String> options = Reader.options(args);
    Properties settings = Reader.apicurio(options);
    settings.put("bootstrap.servers", options.get("bootstrap-servers"));
    settings.put("group.id", "interop-" + UUID.randomUUID());
    settings.put("auto.offset.reset", "earliest");
    int count = Integer.parseInt(options.get("count"));
    boolean isFramed = options.get("key-format").equals("avro");
    Deserializer<?> keys = isFramed ? new AvroKafkaDeserializer<>() : new StringDeserializer();
    keys.configure(Reader.asMap(settings), true);
    AvroKafkaDeserializer<GenericRecord> values = new AvroKafkaDeserializer<>();
    values.configure(Reader.asMap(settings), false);
    long end = System.currentTimeMillis() + Reader.WAIT_MS;
    try (KafkaConsumer<?, GenericRecord> consumer = new KafkaConsumer<>(settings, keys, values)) {
      consumer.subscribe(List.of(options.get("topic")));
      for (int seen = 0; seen < count && System.currentTimeMillis() < end; ) {
        for (ConsumerRecord<?, GenericRecord> record : consumer.poll(Duration.ofSeconds(1))) {
          // Events of the replaced service have no headers.
          if (!record.headers().iterator().hasNext()) continue;
          seen += 1;
          System.out.println(
              Reader.line(
                  record.partition(), record.offset(), record.key(),
                  Reader.attributes(record.headers()), record.value()));
        }
      }
    }
  }
}
