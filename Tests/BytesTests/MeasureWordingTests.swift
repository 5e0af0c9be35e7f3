import Bytes
import Testing

@Suite("Measures in words")
struct MeasureWordingTests {
  @Test(
    "have three significant digits, and an exponent only where they are small or great",
    arguments: [
      (0, "0"), (0.0216, "0.0216"), (0.5, "0.500"), (1, "1.00"), (9.996, "10.0"), (99.96, "100"), (1382.2382, "1,380"),
      (999_600, "1,000,000"), (1_000_000, "1.00e+06"), (0.000_984_4, "9.84e-04"), (0.001, "0.00100"), (-2.5, "-2.50"),
      (.infinity, "inf"),
    ] as [(Double, String)])
  func significant(value: Double, text: String) {
    #expect(value.significant(3) == text)
  }

  @Test(
    "are as precise as their uncertainty",
    arguments: [
      (1382.2382, 547.5896, "1,380 ± 550"), (1.01825, 0.01174, "1.018 ± 0.012"), (1.00091, 0.00619, "1.0009 ± 0.0062"),
      (1741.3584, 2.77, "1,741.4 ± 2.8"), (0.000_012, 0.000_003, "1.20e-05 ± 3.0e-06"), (0, 0, "0 ± 0"),
      (-0.0042, 0.0019, "-0.0042 ± 0.0019"), (0.000_345, 0.0019, "0.0003 ± 0.0019"),
    ] as [(Double, Double, String)])
  func uncertainty(value: Double, error: Double, text: String) {
    #expect(value.withUncertainty(error) == text)
  }

  @Test(
    "say 100 % only for everything", arguments: [(1, "100 %"), (0.9999, "99.9 %"), (0.946_67, "94.7 %"), (0, "0.0 %")])
  func shares(value: Double, text: String) {
    #expect(value.percentage == text)
  }
}
