import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.connect.data.Struct;

/** What the readers share: their options, and the line that event_lines.py describes. */
final class Reader {
  static final long WAIT_MS = 60_000;

  private static final List<String> ATTRIBUTES =
      List.of("id", "source", "type", "subject", "time", "sequence", "datacontenttype");

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

  /** The attributes of a CloudEvent by their names, where nothing but the headers tells them. */
  static UnaryOperator<String> attributes(Headers headers) {
    return name -> header(headers, headerOf(name));
  }

  static String headerOf(String attribute) {
    return attribute.equals("datacontenttype") ? "content-type" : "ce_" + attribute;
  }

  static String line(
      int partition, long offset, Object key, UnaryOperator<String> attributes, Object value) {
    Function<String, Object> order = fields(value);
    StringJoiner items = new StringJoiner(",");
    for (Object element : (List<?>) order.apply("items")) {
      Function<String, Object> item = fields(element);
      items.add(
          hex(item.apply("itemId")) + '/' + item.apply("quantity") + '/' + bits(item.apply("price")));
    }
    StringJoiner line = new StringJoiner(" ");
    line.add(Integer.toString(partition)).add(Long.toString(offset)).add(hex(key));
    for (String name : ATTRIBUTES) {
      String attribute = attributes.apply(name);
      line.add(name.equals("subject") ? hex(attribute) : attribute);
    }
    line.add(hex(order.apply("orderId"))).add(hex(order.apply("customerId")));
    for (String name : List.of("orderDate", "currency", "status")) {
      line.add(order.apply(name).toString());
    }
    return line.add(bits(order.apply("totalAmount"))).add(items.toString()).toString();
  }

  /** Of a record as Avro has it, or as Kafka Connect does. */
  private static Function<String, Object> fields(Object record) {
    return record instanceof Struct struct ? struct::get : ((GenericRecord) record)::get;
  }

  private static String bits(Object amount) {
    return String.format("%016x", Double.doubleToRawLongBits((Double) amount));
  }

  private static String hex(Object text) {
    return HexFormat.of().formatHex(text.toString().getBytes(StandardCharsets.UTF_8));
  }
}
