import java.io.File;
import java.util.Arrays;
import loci.common.DebugTools;
import loci.common.RandomAccessInputStream;
import loci.formats.FormatTools;
import loci.formats.ImageReader;
import loci.formats.ImageWriter;
import loci.formats.Memoizer;
import loci.formats.tiff.TiffParser;
import loci.formats.tiff.TiffSaver;
import loci.formats.tools.ImageConverter;

/** Makes OME-TIFF sets in the working directory, or opens files with a memo file each, as OMERO.server does. */
public class OpenAsOmero {
  private static final String PLANES = "x&sizeX=16&sizeY=16&sizeZ=3.fake";

  public static void main(String[] arguments) throws Exception {
    DebugTools.setRootLevel("ERROR");
    if (arguments[0].equals("make")) make();
    else open(new File(arguments[1]), Arrays.copyOfRange(arguments, 2, arguments.length));
    System.exit(0);
  }

  /** The version, then of each file its name and all files that the reader says it uses, separated by tabs. */
  private static void open(File cache, String[] files) throws Exception {
    System.out.println("version\t" + FormatTools.VERSION);
    for (String file : files) {
      Memoizer reader = new Memoizer(new ImageReader(), 0L, cache);
      reader.setId(file);
      System.out.println(file + "\t" + String.join("\t", reader.getUsedFiles()));
      reader.close();
    }
  }

  private static void make() throws Exception {
    convert("-option", "ometiff.companion", "set.companion.ome", PLANES, "set_%z.ome.tif");
    convert(PLANES, "whole_%z.ome.tif");
    convert(PLANES, "master_%z.ome.tif");
    for (int z = 1; z < 3; z++) keepMetadataIn("master_0.ome.tif", "master_" + z + ".ome.tif");
  }

  private static void convert(String... arguments) throws Exception {
    String[] all = new String[arguments.length + 1];
    all[0] = "-no-upgrade";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    if (!new ImageConverter().testConvert(new ImageWriter(), all)) throw new Exception("not converted");
  }

  /** Leaves in a TIFF only the name of the file that has the metadata of the set. */
  private static void keepMetadataIn(String master, String file) throws Exception {
    String xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\" UUID=\""
        + uuidOf(file) + "\"><BinaryOnly MetadataFile=\"" + master + "\" UUID=\"" + uuidOf(master) + "\"/></OME>";
    TiffSaver saver = new TiffSaver(file);
    try (RandomAccessInputStream in = new RandomAccessInputStream(file)) {
      saver.overwriteComment(in, xml);
    }
    saver.close();
  }

  private static String uuidOf(String file) throws Exception {
    try (RandomAccessInputStream in = new RandomAccessInputStream(file)) {
      return new TiffParser(in).getComment().replaceAll("(?s).*?UUID=\"(urn:uuid:[^\"]*)\".*", "$1");
    }
  }
}
