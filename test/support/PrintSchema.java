import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.avro.Schema;

/** Prints each schema file as Java's Avro writes it when it registers a schema, one a line. */
class PrintSchema {
  public static void main(String[] files) throws Exception {
    for (String file : files) {
      System.out.println(new Schema.Parser().parse(Files.readString(Path.of(file))));
    }
  }
}
