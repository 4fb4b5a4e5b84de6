import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** A sink for Kafka Connect that writes the line of each event into a file: what a real one is given. */
public final class PrintingSink extends SinkConnector {
  private static final String FILE = "file";
  private Map<String, String> settings;

  @Override
  public void start(Map<String, String> properties) {
    settings = properties;
  }

  @Override
  public Class<? extends Task> taskClass() {
    return PrintingTask.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    return List.of(settings);
  }

  @Override
  public void stop() {}

  @Override
  public ConfigDef config() {
    return new ConfigDef().define(FILE, ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "the file");
  }

  @Override
  public String version() {
    return "1";
  }

  public static final class PrintingTask extends SinkTask {
    private Path file;

    @Override
    public void start(Map<String, String> properties) {
      file = Path.of(properties.get(FILE));
    }

    @Override
    public void put(Collection<SinkRecord> records) {
      StringBuilder lines = new StringBuilder();
      // Events of the replaced service have no headers.
      for (SinkRecord record : records) {
        if (!record.headers().isEmpty()) lines.append(lineOf(record)).append('\n');
      }
      try {
        Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    private static String lineOf(SinkRecord record) {
      return Reader.line(
          record.kafkaPartition(), record.kafkaOffset(), record.key(),
          name -> header(record, Reader.headerOf(name)), record.value());
    }

    private static String header(SinkRecord record, String name) {
      return record.headers().lastWithName(name).value().toString();
    }

    @Override
    public void stop() {}

    @Override
    public String version() {
      return "1";
    }
  }
}
