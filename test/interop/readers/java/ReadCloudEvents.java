import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import io.cloudevents.CloudEvent;
import io.cloudevents.kafka.CloudEventDeserializer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The CloudEvents SDK for Java: attributes from the headers; its data is the framed value. */
final class ReadCloudEvents {
  private static final DateTimeFormatter MILLISECONDS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSX");

  public static void main(String[] args) {
    Map<String, String> options = Reader.options(args);
    Properties settings = Reader.apicurio(options);
    settings.put("bootstrap.servers", options.get("bootstrap-servers"));
    settings.put("group.id", "interop-" + UUID.randomUUID());
    settings.put("auto.offset.reset", "earliest");
    String topic = options.get("topic");
    int count = Integer.parseInt(options.get("count"));
    boolean isFramed = options.get("key-format").equals("avro");
    AvroKafkaDeserializer<Object> keys = new AvroKafkaDeserializer<>();
    keys.configure(Reader.asMap(settings), true);
    AvroKafkaDeserializer<GenericRecord> values = new AvroKafkaDeserializer<>();
    values.configure(Reader.asMap(settings), false);
    long end = System.currentTimeMillis() + Reader.WAIT_MS;
    CloudEventDeserializer events = new CloudEventDeserializer();
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    // As the consumer's own deserializer it would end at the first event of the replaced service.
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      consumer.subscribe(List.of(topic));
      for (int seen = 0; seen < count && System.currentTimeMillis() < end; ) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          if (!record.headers().iterator().hasNext()) continue;
          seen += 1;
          CloudEvent event = events.deserialize(topic, record.headers(), record.value());
          check(event.getSpecVersion().toString(), "1.0");
          Object key =
              isFramed
                  ? keys.deserialize(topic, record.key())
                  : new String(record.key(), StandardCharsets.UTF_8);
          System.out.println(
              Reader.line(
                  record.partition(), record.offset(), key, name -> attribute(event, name),
                  values.deserialize(topic, event.getData().toBytes())));
        }
      }
    }
  }

  private static String attribute(CloudEvent event, String name) {
    return switch (name) {
      case "time" -> MILLISECONDS.format(event.getTime());
      case "sequence" -> event.getExtension(name).toString();
      default -> event.getAttribute(name).toString();
    };
  }

  private static void check(String actual, String expected) {
    if (!expected.equals(actual)) throw new IllegalStateException(actual + " is not " + expected);
  }
}
