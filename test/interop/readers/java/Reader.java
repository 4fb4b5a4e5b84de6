import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** What the readers share: their options, and the line that event_lines.py describes. */
final class Reader {
  static final long WAIT_MS = 60_000;

  /** `--name value` each. */
  static Map<String, String> options(String[] args) {
    Map<String, String> options = new HashMap<>();
    for (int index = 0; index + 1 < args.length; index += 2) {
      options.put(args[index].substring(2), args[index + 1]);
    }
    return options;
  }

  /** Apicurio's serde asks Apicurio's own API, and takes ids as Confluent's wire format has them. */
  static Properties apicurio(Map<String, String> options) {
    Properties settings = new Properties();
    settings.put("apicurio.registry.url", options.get("schema-registry") + "/apis/registry/v2");
    settings.put("apicurio.registry.as-confluent", "true");
    settings.put("apicurio.registry.use-id", "contentId");
    return settings;
  }

  static Map<String, Object> asMap(Properties properties) {
    Map<String, Object> map = new HashMap<>();
    properties.forEach((name, value) -> map.put(name.toString(), value));
    return map;
  }

  static String header(Headers headers, String name) {
    Header header = headers.lastHeader(name);
    if (header == null) throw new IllegalStateException("there is no " + name);
    return new String(header.value(), StandardCharsets.UTF_8);
  }

  static String line(
      int partition, long offset, String key, String subject, String sequence, String type,
      GenericRecord order) {
    return line(
        partition, offset, key, subject, sequence, type, order.get("orderId").toString(),
        order.get("status").toString(), (Double) order.get("totalAmount"),
        ((List<?>) order.get("items")).size());
  }

  static String line(
      int partition, long offset, String key, String subject, String sequence, String type,
      String orderId, String status, double total, int itemCount) {
    return String.format(
        "%d %d %s %s %s %s %s %s %016x %d",
        partition, offset, hex(key), hex(subject), sequence, type, hex(orderId), status,
        Double.doubleToRawLongBits(total), itemCount);
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
  }
}
