import gov.loc.repository.bagit.domain.Bag;
import gov.loc.repository.bagit.reader.BagReader;
import gov.loc.repository.bagit.verify.BagVerifier;
import java.nio.file.Paths;

/** Prints one line for each bag: nothing, or why bagit-java refuses it. */
public class BagVerdicts {
  public static void main(String[] bags) throws Exception {
    for (String directory : bags) {
      String verdict = "";
      try (BagVerifier verifier = new BagVerifier()) {
        Bag bag = new BagReader().read(Paths.get(directory));
        verifier.isValid(bag, false);
      } catch (Exception e) {
        verdict = (e.getClass().getSimpleName() + ": " + e.getMessage()).replaceAll("[\\r\\n]+", " ");
      }
      System.out.println(verdict);
    }
  }
}
