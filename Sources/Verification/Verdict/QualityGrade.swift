import Bytes

/// The cost of quantization in a word, from the predictions of a candidate.
///
/// Grades say nothing about the conversion: a correct conversion to two bits may break a model.
public enum QualityGrade: String, Sendable, Hashable, CaseIterable, Comparable {
  /// The same predictions, bit for bit.
  case lossless
  case nearLossless = "near-lossless"
  case good, noticeable, poor
  /// The candidate predicts other tokens than the reference.
  case broken

  /// What a candidate must reach for a grade.
  public struct Bounds: Sendable, Hashable {
    public let grade: QualityGrade
    /// The greatest mean KL divergence, in nats.
    public let divergence: Double
    /// The greatest perplexity of the candidate over that of the reference.
    public let perplexityRatio: Double
    /// The least share of positions with the same most likely token.
    public let topOneAgreement: Double
    /// The positions without which the grade is not given.
    public let positionCount: Int
    /// For encoders instead: the greatest normalized mean square error of text embeddings.
    public let embeddingError: Double
  }

  /// The bounds of all grades between lossless and broken, the best first.
  ///
  /// Calibrated on the scoreboard of LLaMA 3 8B in llama.cpp (tools/perplexity/README.md at 0c1e57098: mean KL
  /// divergence and perplexity over Wikitext-2, reference F16) and on SmolLM2-135M, which loses more:
  /// `docs/how-verify-decides.md` has the figures. An error of an embedding of `e` lowers its cosine by about `e/2`.
  public static let bounds = [
    Bounds(
      grade: .nearLossless, divergence: 0.01, perplexityRatio: 1.02, topOneAgreement: 0.95, positionCount: 100,
      embeddingError: 1e-3),
    Bounds(
      grade: .good, divergence: 0.05, perplexityRatio: 1.06, topOneAgreement: 0.88, positionCount: 30,
      embeddingError: 0.01),
    Bounds(
      grade: .noticeable, divergence: 0.25, perplexityRatio: 1.3, topOneAgreement: 0.75, positionCount: 10,
      embeddingError: 0.05),
    Bounds(
      grade: .poor, divergence: 1, perplexityRatio: 2.5, topOneAgreement: 0.5, positionCount: 1,
      embeddingError: 0.25),
  ]

  /// The mean KL divergence above which a candidate is broken on tokens that the reference itself does not predict: random
  /// ids, or a model with random weights. There most predictions are guesses, which small errors turn over.
  public static let unpredictedDivergence = 4.0

  /// Returns the grade of predictions.
  ///
  /// - Parameter perplexityRatio: nil if the reference does not predict the tokens.
  public static func of(divergence: Double, perplexityRatio: Double?, topOneAgreement: Double) -> QualityGrade {
    var grade = first { divergence <= $0.divergence }
    if let perplexityRatio {
      grade = max(grade, first { perplexityRatio <= $0.perplexityRatio })
    } else if divergence <= unpredictedDivergence {
      grade = min(grade, .poor)
    }
    // Top-1 agreement lowers a grade by one at most, and never to broken.
    return max(grade, min(first { topOneAgreement >= $0.topOneAgreement }, grade.nextWorse, .poor))
  }

  /// Returns the best grade whose bounds accept the figures.
  static func first(where accepts: (Bounds) -> Bool) -> QualityGrade { bounds.first(where: accepts)?.grade ?? .broken }

  /// The next worse grade; broken is the last.
  private var nextWorse: QualityGrade {
    let grades = Self.allCases
    return grades.firstIndex(of: self).flatMap { $0 + 1 < grades.count ? grades[$0 + 1] : nil } ?? .broken
  }

  /// Whether `left` is better than `right`.
  public static func < (left: QualityGrade, right: QualityGrade) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }

  /// The bounds, a row for each grade, as the documentation shows them.
  public static var table: ReportTable {
    ReportTable(
      columns: [
        .left("quality"), .right("mean KL divergence"), .right("perplexity ratio"), .right("top-1 agreement"),
        .right("positions"), .right("NMSE of embeddings"),
      ],
      rows: bounds.map {
        [
          $0.grade.rawValue, "≤ \($0.divergence)", "≤ \($0.perplexityRatio)", "≥ \($0.topOneAgreement)",
          "≥ \($0.positionCount)", "≤ \($0.embeddingError)",
        ]
      } + [["broken", "above", "above", "–", "any", "above"]])
  }
}
