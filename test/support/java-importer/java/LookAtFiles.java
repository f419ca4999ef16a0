import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import loci.common.DebugTools;
import loci.common.services.ServiceFactory;
import loci.formats.FileInfo;
import loci.formats.FormatTools;
import loci.formats.IFormatReader;
import loci.formats.ImageReader;
import loci.formats.UnknownFormatException;
import loci.formats.ome.OMEXMLMetadata;
import loci.formats.services.OMEXMLService;

/** A line of JSON for each file, except for those that an earlier one uses: what OMERO's importer asks of Bio-Formats. */
public class LookAtFiles {
  public static void main(String[] paths) throws Exception {
    DebugTools.setRootLevel("OFF");
    Set<String> used = new HashSet<>();
    for (String path : paths)
      if (!used.contains(path)) System.out.println("{\"path\":" + quoted(path) + "," + look(path, used) + "}");
    System.exit(0);
  }

  private static String look(String path, Set<String> used) throws Exception {
    OMEXMLMetadata metadata = new ServiceFactory().getInstance(OMEXMLService.class).createOMEXMLMetadata();
    try (ImageReader reader = new ImageReader()) {
      reader.setMetadataStore(metadata);
      reader.setId(path);
      List<String> files = ordered(reader.getAdvancedUsedFiles(false));
      used.addAll(files);
      boolean plate = Arrays.asList(reader.getDomains()).contains(FormatTools.HCS_DOMAIN);
      return "\"files\":" + list(files.stream().map(LookAtFiles::quoted).toList())
          + ",\"reader\":" + quoted(reader.getReader().getClass().getCanonicalName())
          + ",\"isPlate\":" + plate
          + ",\"series\":" + list(series(reader, metadata));
    } catch (UnknownFormatException error) {
      return "\"unknown\":true";
    } catch (Throwable error) {
      return "\"broken\":" + quoted(String.valueOf(error));
    }
  }

  /** Those that can be opened come first. */
  private static List<String> ordered(FileInfo[] infos) {
    List<String> files = new ArrayList<>();
    for (FileInfo info : infos) if (info.usedToInitialize) files.add(info.filename);
    for (FileInfo info : infos) if (!info.usedToInitialize) files.add(info.filename);
    return files;
  }

  private static List<String> series(IFormatReader reader, OMEXMLMetadata metadata) {
    Map<String, String> wells = wells(metadata);
    List<String> series = new ArrayList<>();
    for (int index = 0; index < reader.getSeriesCount(); index++) {
      reader.setSeries(index);
      String name = metadata.getImageName(index);
      String well = wells.get(metadata.getImageID(index));
      series.add("{\"x\":" + reader.getSizeX() + ",\"y\":" + reader.getSizeY() + ",\"z\":" + reader.getSizeZ()
          + ",\"c\":" + reader.getSizeC() + ",\"t\":" + reader.getSizeT()
          + ",\"pixelsType\":" + quoted(FormatTools.getPixelTypeString(reader.getPixelType()))
          + (name == null ? "" : ",\"name\":" + quoted(name))
          + (well == null ? "" : ",\"well\":" + well) + "}");
    }
    return series;
  }

  /** The well of each image, by the image's identifier. */
  private static Map<String, String> wells(OMEXMLMetadata metadata) {
    Map<String, String> wells = new HashMap<>();
    for (int plate = 0; plate < metadata.getPlateCount(); plate++)
      for (int well = 0; well < metadata.getWellCount(plate); well++)
        for (int sample = 0; sample < metadata.getWellSampleCount(plate, well); sample++)
          wells.put(metadata.getWellSampleImageRef(plate, well, sample), "{\"row\":" + metadata.getWellRow(plate, well)
              + ",\"column\":" + metadata.getWellColumn(plate, well) + "}");
    return wells;
  }

  private static String list(List<String> items) {
    return items.stream().collect(Collectors.joining(",", "[", "]"));
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char letter : text.toCharArray())
      if (letter < ' ' || letter == '"' || letter == '\\') json.append(String.format("\\u%04x", (int) letter));
      else json.append(letter);
    return json.append('"').toString();
  }
}
