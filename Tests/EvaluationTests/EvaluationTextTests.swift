import Evaluation
import Testing

@Suite("The bundled text")
struct EvaluationTextTests {
  /// By sha256sum of the file: figures of other texts cannot be compared, so a change must be meant.
  @Test("has the digest that reports show")
  func digest() {
    #expect(EvaluationText.bundled.sha256 == "f3d481a1a91768b6355894b03da2f76c121b2892c17e4d43740c7b225dfccade")
    #expect(EvaluationText.bundled.description.hasPrefix("bundled, 5,481 bytes, SHA-256 f3d4"))
  }

  @Test("has prose in several scripts and code")
  func contents() {
    let text = EvaluationText.bundled.content
    for sample in [
      "Call me Ishmael", "unruhigen Träumen", "人人生而自由", "Все счастливые", "يولد", "吾輩は猫", "def running_mean", "SELECT",
    ] {
      #expect(text.contains(sample))
    }
  }
}
